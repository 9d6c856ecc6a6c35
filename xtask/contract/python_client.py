"""The client that openapi-python-client makes of the document, against the sandbox.

    python python_client.py BASE_URL TOKEN EXAMPLES

It creates, reads, lists, patches and replaces, and checks what came back: the way a stranger would use the document.
The last line of its output counts the requests.
"""

import datetime
import json
import pathlib
import sys

import httpx
from referrals_client import AuthenticatedClient
from referrals_client.api.referrals import (
    create_referral,
    get_referral,
    list_referrals,
    patch_referral,
    replace_referral,
)
from referrals_client.models import (
    ErrorBody,
    NewReferral,
    PatchOp,
    PatchOperation,
    Preference,
    Referral,
    ReferralList,
    Status,
    Substatus,
)


def check(what, found, wanted):
    if found != wanted:
        sys.exit(f"{what}: found {found!r}, not {wanted!r}")


def answer(what, response, status, model):
    """What an operation gave, if it is of this status and could be read as this model."""
    check(f"{what}: status", int(response.status_code), status)
    check(f"{what}: model", type(response.parsed), model)
    return response.parsed


def operation(op, path, value):
    return PatchOperation(op=op, path=path, value=value)


def main(base_url, token, examples):
    requests = []
    client = AuthenticatedClient(
        base_url=base_url,
        token=token,
        # Not through a proxy that the surroundings name.
        httpx_args={
            "event_hooks": {"request": [requests.append]},
            "transport": httpx.HTTPTransport(),
        },
    )

    # Its own model makes the request of the published one, and loses nothing of it.
    text = (pathlib.Path(examples) / "create_referral.request.json").read_text("utf-8")
    published = json.loads(text)
    new = NewReferral.from_dict(json.loads(text))
    sent = new.to_dict()
    # A date is written in another way, and means the same.
    for referral in (published, sent):
        time = referral["details"]["closingDateTime"].replace("Z", "+00:00")
        referral["details"]["closingDateTime"] = datetime.datetime.fromisoformat(time)
    check("request", sent, published)

    created = answer(
        "create", create_referral.sync_detailed(client=client, body=new), 201, Referral
    )
    check("create: status", created.status, Status.ACTIVE)
    check("create: substatus", created.substatus, Substatus.ACCEPTED)
    check("create: name", created.name, new.name)
    check("create: city", created.customer_profile.address.city, "Redmond")
    check("create: value", created.details.deal_value, 50000)
    check("create: time", type(created.created_date_time), datetime.datetime)
    # The answer is not a referral with everything unknown in a bag.
    check("create: extra", sorted(created.additional_properties), [])

    read = answer("get", get_referral.sync_detailed(created.id, client=client), 200, Referral)
    check("get: id", read.id, created.id)
    check("get: eTag", read.e_tag, created.e_tag)
    check("get: team", [one.last_name for one in read.team], ["Doe"])

    second = answer(
        "create again", create_referral.sync_detailed(client=client, body=new), 201, Referral
    )
    page = answer(
        "list",
        list_referrals.sync_detailed(
            client=client, filter_="status eq 'Active'", orderby="createdDateTime desc", count=True
        ),
        200,
        ReferralList,
    )
    check("list: first", [one.id for one in page.value], [second.id])
    check("list: count", page.odata_count, 2)
    _, token_of_next = page.odata_next_link.split("$skiptoken=")
    page = answer(
        "list on",
        list_referrals.sync_detailed(client=client, skiptoken=token_of_next),
        200,
        ReferralList,
    )
    check("list on: second", [one.id for one in page.value], [created.id])

    changes = [
        operation(PatchOp.REPLACE, "/details/notes", "Called"),
        operation(PatchOp.ADD, "/team/-", {"firstName": "Ada", "lastName": "Lovelace"}),
    ]
    patched = patch_referral.sync_detailed(
        created.id, client=client, body=changes, if_match=read.e_tag
    )
    check("patch: status", int(patched.status_code), 204)
    stale = patch_referral.sync_detailed(
        created.id, client=client, body=changes, if_match=read.e_tag
    )
    error = answer("stale patch", stale, 412, ErrorBody)
    check("stale patch: code", error.error.code, "preconditionFailed")

    patched = answer(
        "patch that asks for the referral",
        patch_referral.sync_detailed(
            created.id,
            client=client,
            body=[operation(PatchOp.REPLACE, "/details/dealValue", 75000)],
            prefer=Preference.RETURNREPRESENTATION,
        ),
        200,
        Referral,
    )
    check("patch: value", patched.details.deal_value, 75000)
    check("patch: notes", patched.details.notes, "Called")
    check("patch: team", [one.last_name for one in patched.team], ["Doe", "Lovelace"])

    # As the document says: what was read, changed, without `links`.
    body = patched.to_dict()
    del body["links"]
    body["name"] = "Another name"
    replaced = answer(
        "replace",
        replace_referral.sync_detailed(
            created.id, client=client, body=Referral.from_dict(body), if_match=patched.e_tag
        ),
        200,
        Referral,
    )
    check("replace: name", replaced.name, "Another name")

    closed = [
        operation(PatchOp.REPLACE, "/status", "Closed"),
        operation(PatchOp.REPLACE, "/substatus", "Accepted"),
    ]
    refused = patch_referral.sync_detailed(created.id, client=client, body=closed)
    answer("patch that the table forbids", refused, 400, ErrorBody)
    unknown = get_referral.sync_detailed("no-such-referral", client=client)
    answer("get of an unknown referral", unknown, 404, ErrorBody)
    stranger = AuthenticatedClient(base_url=base_url, token="another")
    refused = get_referral.sync_detailed(created.id, client=stranger)
    answer("get by a stranger", refused, 401, ErrorBody)

    print(f"{len(requests) + 1} requests")


if __name__ == "__main__":
    main(*sys.argv[1:])
