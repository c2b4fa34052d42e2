"""The number of Table 1: log-likelihoods of models and of anybody's samples, each by one function."""

from adversarial.evaluation.parzen import parzen_log_likelihood
from adversarial.evaluation.parzen_result import ParzenResult
from adversarial.evaluation.running import RunningResult, running_log_likelihood

__all__ = ["ParzenResult", "RunningResult", "parzen_log_likelihood", "running_log_likelihood"]
