"""Whether a camera's picture is worth anything: its conditions, judged on keyframes, without a model to train."""
