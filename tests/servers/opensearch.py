"""OpenSearch with the modules that run ingest pipelines, laid in from their Maven artifacts.

Its set, json, rename, script and pipeline processors have the options of Elasticsearch's, whose
own ingest modules are in no public registry.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from servers.downloads import artifacts
from servers.node import CONFIGURATION, Node

VERSION = "2.17.0"
_SERVER = f"org.opensearch.distribution.integ-test-zip:opensearch:{VERSION}:zip"
_PAINLESS = (
    f"org.opensearch.plugin:lang-painless:{VERSION}",
    f"org.opensearch.plugin:opensearch-scripting-painless-spi:{VERSION}",
    "org.antlr:antlr4-runtime:4.13.1",
    "org.ow2.asm:asm:9.7",
    "org.ow2.asm:asm-analysis:9.7",
    "org.ow2.asm:asm-commons:9.7",
    "org.ow2.asm:asm-tree:9.7",
    "org.ow2.asm:asm-util:9.7",
)
_INGEST = (
    f"org.opensearch.plugin:ingest-common:{VERSION}",
    f"org.opensearch:opensearch-dissect:{VERSION}",
    f"org.opensearch:opensearch-grok:{VERSION}",
    "org.jruby.jcodings:jcodings:1.0.58",
    "org.jruby.joni:joni:2.2.1",
)
_PAINLESS_POLICY = """\
grant {
  permission java.lang.RuntimePermission "createClassLoader";
  permission java.lang.RuntimePermission "getClassLoader";
  permission org.opensearch.script.ClassPermission "<<STANDARD>>";
};
"""


def start() -> Node:
    """Start a server that runs pipelines."""
    painless = artifacts(f"opensearch-{VERSION}-lang-painless", *_PAINLESS)
    ingest = artifacts(f"opensearch-{VERSION}-ingest-common", *_INGEST)
    node = Node(archive=artifacts(f"opensearch-{VERSION}", _SERVER) / f"opensearch-{VERSION}.zip")
    module = _module(node, "lang-painless", "org.opensearch.painless.PainlessPlugin", painless)
    (module / "plugin-security.policy").write_text(_PAINLESS_POLICY)
    plugin = "org.opensearch.ingest.common.IngestCommonPlugin"
    _module(node, "ingest-common", plugin, ingest, extends="lang-painless")
    node.configure("opensearch.yml", CONFIGURATION)
    heap = "-Xms512m -Xmx512m"
    node.start("opensearch", {"OPENSEARCH_JAVA_HOME": "{java}", "OPENSEARCH_JAVA_OPTS": heap})
    return node


def _module(node: Node, name: str, classname: str, jars: Path, extends: str = "") -> Path:
    module = shutil.copytree(jars, node.home / "modules" / name)
    properties = {
        "name": name,
        "description": name,
        "classname": classname,
        "version": VERSION,
        "opensearch.version": VERSION,
        "java.version": "11",
        "extended.plugins": extends,
    }
    lines = (f"{key}={value}\n" for key, value in properties.items())
    (module / "plugin-descriptor.properties").write_text("".join(lines))
    return module
