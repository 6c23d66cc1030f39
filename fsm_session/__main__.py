"""``python -m fsm_session``: the same as the command ``fsm-session``."""

from fsm_session.cli import main

if __name__ == "__main__":
    main(prog_name="python -m fsm_session")
