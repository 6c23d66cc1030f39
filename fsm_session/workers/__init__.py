"""What has a setup and a teardown: the library's own workers and the user's."""

from fsm_session.workers.worker import BaseWorker, Worker, WorkerGroup

__all__ = ["BaseWorker", "Worker", "WorkerGroup"]
