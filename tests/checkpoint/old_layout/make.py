"""Write what is in this folder, anew: run in it by the code of commit 106b866, before modules moved into rooms."""

from __future__ import annotations

import numpy as np

from adversarial import backend, checkpoint, random_streams
from adversarial.config import yaml_parse


def main() -> None:
    """Train for two epochs, save, draw samples, and train for two more, to know where a resumed run must arrive."""
    from adversarial.sampling import samples_of

    backend.configure(floatX="float64")
    # The state of a variate is 369 kB otherwise, and the files would be megabytes.
    random_streams.MAX_STREAMS = 6
    np.save("data.npy", np.random.RandomState(14).randint(2, size=(23, 6)).astype(np.float32))
    for ending in ("pkl", "h5"):
        train = yaml_parse.load_path("experiment.yaml", overrides={"save_path": f"model.{ending}"})
        train.yaml_src, train.overrides = yaml_parse.read_text("experiment.yaml"), {"save_path": f"model.{ending}"}
        train.main_loop(max_epochs=2)
    samples = samples_of(checkpoint.load_model("model.pkl"), 4)
    train.save_path = None
    train.main_loop(max_epochs=4)
    after = {name: param.get_value() for name, param in checkpoint.parameters_of(train.model).items()}
    objective = train.model.monitor.channels["train_objective"].val_record
    np.savez("expected.npz", samples=samples, objective=objective, **{f"parameters/{k}": v for k, v in after.items()})


if __name__ == "__main__":
    main()
