"""What ministack leaves out and Convoke needs: raw mails to read, the condition keys by which its policies limit
mail, secrets and documents (those only count where policies are evaluated), and a memory for expressions.
"""

import base64
import binascii
import json
from email import message_from_bytes, policy
from email.utils import getaddresses, parseaddr
from functools import lru_cache

_kept: dict[str, dict] = {}


def close() -> None:
    """Puts all of it in place; once, before ministack serves anything."""
    keep_raw_mails()
    tell_encryption_context()
    tell_sender()
    count_as_tls()
    remember_expressions()


def message_of(body: bytes) -> dict:
    """The body of a SES v2 SendEmail call; what is none is left to ministack to refuse."""
    try:
        message = json.loads(body)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}


def raw_of(message: dict) -> bytes | None:
    """The MIME text that a call sends, where it sends one."""
    content = message.get("Content")
    raw = content.get("Raw") if isinstance(content, dict) else None
    try:
        return base64.b64decode(raw["Data"], validate=True) if raw else None
    except (KeyError, TypeError, binascii.Error):
        return None


def is_mail(method: str, path: str) -> bool:
    return method == "POST" and path.rstrip("/") == "/v2/email/outbound-emails"


def read(raw: bytes) -> dict:
    """What ministack does not tell of a mail: the mail itself, who it says it is for, its first calendar part."""
    message = message_from_bytes(raw, policy=policy.default)
    calendars = [part for part in message.walk() if part.get_content_type() == "text/calendar"]
    return {
        "Raw": raw.decode("utf-8", "replace"),
        "To": [address for _, address in getaddresses([str(it) for it in message.get_all("To", [])])],
        "Calendar": calendars[0].get_content() if calendars else None,
    }


def keep_raw_mails() -> None:
    """`/_ministack/ses/messages` tells subject and bodies; here every mail also has `Raw`, as it was sent, and
    `Calendar`, its `text/calendar` part."""
    from ministack import app
    from ministack.services import ses_v2

    handle, inspect = ses_v2.handle_request, app._handle_ses_messages_request

    async def handle_and_keep(method, path, headers, body, query_params):
        status, answer_headers, answer = await handle(method, path, headers, body, query_params)
        raw = raw_of(message_of(body)) if is_mail(method, path) and status == 200 else None
        if raw is not None:
            _kept[json.loads(answer)["MessageId"]] = read(raw)
        return status, answer_headers, answer

    async def inspect_with_raw(*args):
        answer = await inspect(*args)
        if answer is None or answer[0] != 200:
            return answer
        status, headers, body = answer
        found = json.loads(body)
        for mails in found["messages"].values():
            for mail in mails:
                mail.update(_kept.get(mail["MessageId"], {}))
        return status, headers, json.dumps(found).encode()

    ses_v2.handle_request, app._handle_ses_messages_request = handle_and_keep, inspect_with_raw


def tell_encryption_context() -> None:
    """`kms:EncryptionContextKeys` and `kms:EncryptionContext:<key>` of a call, for policies that ask."""
    from ministack.core import iam_actions

    tags = iam_actions.request_tag_context

    def with_encryption_context(service, iam_action, body, params):
        found = tags(service, iam_action, body, params)
        context = message_of(body).get("EncryptionContext") if service == "kms" else None
        if isinstance(context, dict) and context:
            found = {**found, "kms:encryptioncontextkeys": list(context)}
            found |= {f"kms:encryptioncontext:{key.lower()}": value for key, value in context.items()}
        return found

    iam_actions.request_tag_context = with_encryption_context


def tell_sender() -> None:
    """A mail is authorised as AWS does it: raw content as SendRawEmail, on the sender's identity and the
    configuration set, with `ses:FromAddress`."""
    from ministack import app
    from ministack.core.responses import get_account_id

    enforce = app._enforce_ses_v2

    def enforce_for_sender(method, path, headers, body, query_params, request_id):
        if not app.AUTH or not is_mail(method, path):
            return enforce(method, path, headers, body, query_params, request_id)
        message = message_of(body)
        raw = raw_of(message)
        sender = message.get("FromEmailAddress") or (message_from_bytes(raw)["From"] if raw else "")
        sender = parseaddr(str(sender or ""))[1]
        named = [f"identity/{sender}"]
        if message.get("ConfigurationSetName"):
            named.append(f"configuration-set/{message['ConfigurationSetName']}")
        for resource in named:
            arn = f"arn:aws:ses:{app.extract_region(headers, query_params)}:{get_account_id()}:{resource}"
            denied = app._enforce_data_plane(
                "sesv2",
                "ses:SendEmail" if raw is None else "ses:SendRawEmail",
                headers,
                query_params,
                request_id,
                resource_arn=arn,
                service_context={"ses:fromaddress": sender},
                named_resource=arn,
            )
            if denied:
                return denied
        return None

    app._enforce_ses_v2 = enforce_for_sender


def count_as_tls() -> None:
    """Calls are plain HTTP here and never leave the machine; the bucket's policy turns away what is not TLS."""
    from ministack.core import iam_evaluator

    resolve = iam_evaluator._resolve_condition_key

    def resolve_as_if_by_tls(key, context):
        return "true" if key.lower() == "aws:securetransport" else resolve(key, context)

    iam_evaluator._resolve_condition_key = resolve_as_if_by_tls


def remember_expressions() -> None:
    """A query takes its expression apart for every item that it looks at; here once, since what comes of it depends on
    the text alone."""
    from ministack.services import dynamodb

    tokens = lru_cache(maxsize=1024)(dynamodb._tokenize)
    dynamodb._tokenize = lambda expression: list(tokens(expression))
    dynamodb._condition_syntax_error = lru_cache(maxsize=1024)(dynamodb._condition_syntax_error)
