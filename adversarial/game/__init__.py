"""The paper itself: two players, what each wants, and the layers made for them."""
