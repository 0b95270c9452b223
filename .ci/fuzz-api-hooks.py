"""What Schemathesis cannot know of the API: ids of things that exist, and who may call what."""

import json
import os
import random
import re

import requests
import schemathesis
from schemathesis.core.failures import Failure

CALLER = os.environ["CONVOKE_CALLER"]
API = os.environ["CONVOKE_API"]
STAFF = {"Authorization": "Bearer " + os.environ["CONVOKE_STAFF"]}
SEED = json.loads(os.environ["CONVOKE_SEED"])

# Ids by the parameter's name: those that were seeded, then those that answers tell of.
known = {name: list(ids) for name, ids in SEED["ids"].items()}
invitations = [tuple(pair) for pair in SEED["invitations"]]
chance = random.Random(20261121)

MINTED = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")

# Words of bodies that are worth more than a random text, since the rules behind them are worth reaching.
WORDS = {
    "client_id": ["globex"],
    "contact_id": ["cleo"],
    "user_id": ["ann", "tess"],
    "assigned_user_id": ["tess"],
    "preferred_assigned_user_id": ["tess"],
    "contact_ids": [["cleo"]],
    "user_ids": [["tess"], ["ann", "bob"]],
    "emails": [["ada@auditors.example"]],
    "timezone": ["Europe/Berlin", "America/New_York"],
    "final_timezone": ["Europe/Berlin"],
    "new_timezone": ["America/New_York"],
    "start": ["2027-01-20T09:00:00Z"],
    "end": ["2027-01-20T10:00:00Z"],
}


@schemathesis.hook
def map_body(context, body):
    return enrich(body)


def enrich(body):
    if isinstance(body, dict):
        return {
            name: chance.choice(WORDS[name]) if name in WORDS and chance.random() < 0.7 else enrich(value)
            for name, value in body.items()
        }
    if isinstance(body, list):
        return [enrich(one) for one in body]
    return body


# Headers and parameters that end most calls early: the example's version, key or cursor is nearly never the right one.
HASTY = 0.15


@schemathesis.hook
def before_call(context, case, kwargs):
    if "invitation_id" in (case.path_parameters or {}) and chance.random() < 0.8:
        # One of that very meeting's.
        case.path_parameters["meeting_id"], case.path_parameters["invitation_id"] = chance.choice(invitations)
        return
    for name in case.path_parameters or {}:
        ids = known.get(pool(case, name))
        if ids and chance.random() < 0.8:
            case.path_parameters[name] = chance.choice(ids[-8:])
        elif isinstance(case.path_parameters[name], str):
            # The local gateway finds no route for them.
            case.path_parameters[name] = re.sub(r"[\r\n]", "", case.path_parameters[name]) or "x"
    for name in ("If-Match", "If-None-Match", "Idempotency-Key"):
        if case.headers and name in case.headers and chance.random() > HASTY:
            del case.headers[name]
    if case.query and "cursor" in case.query and chance.random() > HASTY:
        del case.query["cursor"]


@schemathesis.hook
def after_call(context, case, response):
    if response.status_code in (200, 201) and response.headers.get("content-type") == ["application/json"]:
        harvest(case, response.json())
    if operation_id(case) == "put_teams_integration" and CALLER == "staff":
        # Whatever was saved, the operations after it are to find Microsoft again.
        url = API + "/api/v1/teams-integration"
        requests.put(url, json=SEED["microsoft"], headers=STAFF, timeout=35).raise_for_status()


def harvest(case, part):
    if isinstance(part, list):
        for one in part[:5]:
            harvest(case, one)
    if isinstance(part, dict):
        for name, value in part.items():
            ids = known.get(pool(case, name))
            if ids is not None and MINTED.fullmatch(str(value)) and value not in ids:
                ids.append(value)
            harvest(case, value)


def pool(case, name):
    """Control meetings and sessions are both meetings, and two kinds of links have tokens."""
    path = case.operation.path
    if name == "meeting_id" and "/orgs/" not in path:
        return "session_id"
    return "answer_token" if name == "token" and path.startswith("/rsvp/") else name


def operation_id(case):
    return case.operation.definition.raw["operationId"]


@schemathesis.check
def only_who_may(ctx, response, case):
    """`x-access` of the document is what the API does."""
    access = case.operation.definition.raw["x-access"]
    status = response.status_code
    if CALLER == "nobody" and access["token"] and status != 401:
        raise Failure(operation=case.operation.label, title="Answered without a token", message=f"{status}, not 401")
    if CALLER == "portal" and access["portal_users"] == "refused" and status not in (403, 404):
        raise Failure(operation=case.operation.label, title="Answered a portal user", message=f"{status}, not 403")
    return None
