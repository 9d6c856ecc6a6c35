"""What schemathesis counts as a failure and is none: two kinds of wrong requests that may be accepted.

They are sent all the same, and all the other checks of their answers count.
"""

import schemathesis
from schemathesis.core.failures import AcceptedNegativeData

REQUIRED = ("type", "customerProfile", "consent", "details")


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Whether a failure is one."""
    if not isinstance(failure, AcceptedNegativeData):
        return True
    return not prefers_the_unknown(case) and not leaves_out_by_null(case)


def prefers_the_unknown(case):
    """RFC 7240, section 2: a server ignores a preference that it does not know."""
    prefer = (case.headers or {}).get("Prefer")
    return prefer is not None and prefer != "return=representation"


def leaves_out_by_null(case):
    """A create with null where a member may be left out. Whether the service takes it is in no source, but its own
    answers are full of such nulls (PL22), so the sandbox does. Null for a member that must be there is a failure."""
    if case.operation.definition.raw.get("operationId") != "create_referral":
        return False
    body = case.body
    if not isinstance(body, dict) or any(body.get(name) is None for name in REQUIRED):
        return False
    return has_null(body)


def has_null(value):
    if isinstance(value, dict):
        return any(has_null(member) for member in value.values())
    if isinstance(value, list):
        return any(has_null(item) for item in value)
    return value is None
