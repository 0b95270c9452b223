"""Puts infra/template.yaml on the local AWS: uploads the functions, creates or updates the stack, waits, and
prints the stack's outputs as one JSON object. A failure prints what failed and why on standard error.

Reads its orders as one JSON object on standard input:
  endpoint, region, stack, template   where, which, and from what file
  executables   function name -> path; null deploys the resources without functions
  parameters    template parameter -> value
"""

import hashlib
import io
import json
import re
import sys
import time
import zipfile
from email.utils import parseaddr

import botocore.session
import yaml
from botocore.config import Config
from botocore.exceptions import ClientError

ARTIFACTS = "convoke-artifacts"
CODE = re.compile(r"CodeUri: \.\./target/lambda/([a-z0-9-]+)/")
# What data and messages live in, and what those lean on.
RESOURCES_ONLY = {
    "AWS::DynamoDB::Table",
    "AWS::Events::EventBus",
    "AWS::KMS::Alias",
    "AWS::KMS::Key",
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
    "AWS::SQS::Queue",
    "AWS::SecretsManager::Secret",
}


class Failure(Exception):
    """Something to tell in a sentence."""


def client(orders, service):
    return botocore.session.get_session().create_client(
        service,
        region_name=orders["region"],
        endpoint_url=orders["endpoint"],
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"max_attempts": 2}, read_timeout=120, s3={"addressing_style": "path"}),
    )


def make_bucket(s3):
    """Where what is deployed is uploaded to, as `sam deploy` keeps one."""
    try:
        s3.create_bucket(Bucket=ARTIFACTS)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
            raise


def upload(s3, path):
    """Uploads an executable as a function's zip, named after its content, so that an unchanged one stays deployed."""
    with open(path, "rb") as file:
        content = file.read()
    key = hashlib.sha256(content).hexdigest() + ".zip"
    try:
        s3.head_object(Bucket=ARTIFACTS, Key=key)
    except ClientError:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            entry = zipfile.ZipInfo("bootstrap")
            entry.external_attr = 0o755 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
        s3.put_object(Bucket=ARTIFACTS, Key=key, Body=packed.getvalue())
    return key


def remove_older(s3, keys):
    """Removes the zips and templates that nothing is deployed from any more."""
    for found in s3.list_objects_v2(Bucket=ARTIFACTS).get("Contents", []):
        if found["Key"] not in keys:
            s3.delete_object(Bucket=ARTIFACTS, Key=found["Key"])


def with_uploaded_code(s3, executables, text):
    """The template with every function's folder replaced by its uploaded zip, as `sam package` does; and the zips."""
    uploaded = {name: upload(s3, path) for name, path in executables.items()}

    def replace(match):
        if match[1] not in uploaded:
            raise Failure(f"the template has a function {match[1]}, but no executable was given for it")
        return f"CodeUri: s3://{ARTIFACTS}/{uploaded[match[1]]}"

    # AWS lets sqs:SendMessage stand for batches as well; the local evaluator goes by the call's own name.
    text = text.replace("Action: sqs:SendMessage\n", "Action: [sqs:SendMessage, sqs:SendMessageBatch]\n")
    return CODE.sub(replace, text), set(uploaded.values())


class Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short tags, read into their long form."""


def long_form(loader, suffix, node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        if suffix == "GetAtt":
            value = value.split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


Loader.add_multi_constructor("!", long_form)


def mentions(value, names):
    """Whether a part of a template refers to one of the named resources."""
    if isinstance(value, dict):
        if value.get("Ref") in names or (isinstance(value.get("Fn::GetAtt"), list) and value["Fn::GetAtt"][0] in names):
            return True
        return any(mentions(part, names) for part in value.values())
    if isinstance(value, list):
        return any(mentions(part, names) for part in value)
    return isinstance(value, str) and any(re.search(rf"\$\{{{name}[.}}]", value) for name in names)


def without_functions(text):
    """The template reduced to what data and messages live in."""
    template = yaml.load(text, Loader)
    template.pop("Transform")
    template.pop("Globals")
    gone = {name for name, it in template["Resources"].items() if it["Type"] not in RESOURCES_ONLY}
    for section in ("Resources", "Outputs"):
        template[section] = {
            name: it for name, it in template[section].items() if name not in gone and not mentions(it, gone)
        }
    return json.dumps(template)


def status(cloudformation, stack):
    try:
        return cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise


def refusals(cloudformation, stack):
    """Which resources failed in the last operation, and why, first failure first."""
    found = []
    for event in cloudformation.describe_stack_events(StackName=stack)["StackEvents"]:
        if event["ResourceType"] == "AWS::CloudFormation::Stack" and event["ResourceStatus"] in (
            "CREATE_IN_PROGRESS",
            "UPDATE_IN_PROGRESS",
        ):
            break
        if event["ResourceStatus"].endswith("_FAILED"):
            found.append(f"{event['LogicalResourceId']} ({event['ResourceType']}): {event.get('ResourceStatusReason')}")
    return list(reversed(found))


def wait(cloudformation, stack):
    while True:
        found = status(cloudformation, stack)
        if found is None:
            raise Failure(f"the stack {stack} disappeared while it was deployed")
        if not found["StackStatus"].endswith("_IN_PROGRESS"):
            return found
        time.sleep(0.1)


def create_or_update(cloudformation, stack, request):
    existing = status(cloudformation, stack)
    if existing and existing["StackStatus"] in ("ROLLBACK_COMPLETE", "CREATE_FAILED", "ROLLBACK_FAILED"):
        cloudformation.delete_stack(StackName=stack)
        wait(cloudformation, stack)
        existing = None
    if existing and existing["StackStatus"] == "DELETE_COMPLETE":
        existing = None
    try:
        (cloudformation.update_stack if existing else cloudformation.create_stack)(StackName=stack, **request)
    except ClientError as error:
        if "No updates are to be performed" not in str(error):
            raise Failure(f"it was refused: {error.response['Error']['Message']}") from error
    found = wait(cloudformation, stack)
    if found["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        reasons = refusals(cloudformation, stack) or [found.get("StackStatusReason", "no reason was given")]
        raise Failure(f"the stack ended as {found['StackStatus']}:\n  " + "\n  ".join(reasons))
    return {it["OutputKey"]: it["OutputValue"] for it in found.get("Outputs", [])}


def expire_items(orders, table):
    """Turns the table's time to live on, which ministack's CloudFormation leaves out."""
    dynamodb = client(orders, "dynamodb")
    if dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]["TimeToLiveStatus"] == "DISABLED":
        dynamodb.update_time_to_live(
            TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"}
        )


def verify_sender(orders):
    """Makes the address that mails come from an identity of SES, which sends for no other. Here it counts as verified
    at once; on AWS its owner has to confirm it."""
    address = parseaddr(orders["parameters"].get("MailFrom", ""))[1]
    if address:
        client(orders, "sesv2").create_email_identity(EmailIdentity=address)


def deploy(orders):
    with open(orders["template"]) as file:
        text = file.read()
    s3, keys = client(orders, "s3"), set()
    make_bucket(s3)
    if orders["executables"] is None:
        text = without_functions(text)
    else:
        text, keys = with_uploaded_code(s3, orders["executables"], text)
    # By address: CloudFormation takes no more than 51,200 bytes in the call itself.
    template = hashlib.sha256(text.encode()).hexdigest() + ".template"
    s3.put_object(Bucket=ARTIFACTS, Key=template, Body=text.encode())
    request = {
        "TemplateURL": f"{orders['endpoint']}/{ARTIFACTS}/{template}",
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in orders["parameters"].items()],
    }
    verify_sender(orders)
    outputs = create_or_update(client(orders, "cloudformation"), orders["stack"], request)
    expire_items(orders, outputs["TableName"])
    remove_older(s3, keys | {template})
    return outputs


if __name__ == "__main__":
    try:
        json.dump(deploy(json.load(sys.stdin)), sys.stdout)
    except Failure as failure:
        sys.exit(str(failure))
