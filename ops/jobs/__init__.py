"""Jobs: payments as the sources' auto-pay queue knows them, and what an operator asks for by hand.

Rows are the truth: a payment is its own job (job id = payment id), so a job survives Redis. ask.py and work.py
are the operator's jobs; view.py, autopay.py and stats.py are for both.
"""

from ops.jobs.autopay import add_auto_pay_job, get_auto_pay_job_status, get_jobs_for_subscription

__all__ = ["add_auto_pay_job", "get_auto_pay_job_status", "get_jobs_for_subscription"]
