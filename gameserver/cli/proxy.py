"""``gameserver proxy``: a configuration for nginx, Caddy or HAProxy, with which several nodes answer at one address."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final
from urllib.parse import SplitResult, urlsplit

import click

from gameserver.settings import readers
from gameserver.settings.values import Wrong

HEADERS: Final = """\
        proxy_http_version 1.1;
        proxy_set_header Host $http_host;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $gameserver_connection;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_connect_timeout 2s;
        proxy_read_timeout 90s;
        proxy_send_timeout 90s;"""
"""Lines of each location of nginx."""

ASKING: Final = """\
        proxy_http_version 1.1;
        proxy_set_header Host $http_host;
        proxy_set_header Connection "";
        proxy_set_header Content-Length "";
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_connect_timeout 2s;
        proxy_read_timeout 2s;"""
"""Lines of the location where nginx asks whether a node is ready."""

HOST: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]")
"""The characters of names and addresses of machines."""


class PublicPlace:
    """
    The address at which people reach the nodes, and its certificate.

    :param url: that address.
    :param certificate: path of a file with the certificate and those that signed it; HAProxy wants its key in it too.
    :param key: path of a file with its key.
    """

    def __init__(self, url: str, certificate: str, key: str) -> None:
        parts: SplitResult = urlsplit(url)
        self.url = url
        self.tls = parts.scheme == "https"
        self.host = parts.hostname or ""
        self.port = parts.port or (443 if self.tls else 80)
        self.path = parts.path
        self.certificate = certificate
        self.key = key


def nginx(nodes: Mapping[str, str], place: PublicPlace) -> str:
    """
    Write what goes into nginx's ``http``, such as ``/etc/nginx/conf.d/gameserver.conf``.

    :param nodes: for each name where that node listens: ``unix:/PATH`` or ``HOST:PORT``.
    """
    upstreams = [
        _nginx_upstream("gameserver", "zone gameserver 64k; least_conn; ", nodes.values()),
        _nginx_upstream("gameserver.ws", "zone gameserver.ws 64k; least_conn; ", nodes.values()),
        *(_nginx_upstream(f"gameserver_{name}", "", [where]) for name, where in nodes.items()),
    ]
    of_nodes = [
        f"""\
    location {place.path}/n/{name}/ {{
        proxy_pass http://gameserver_{name}/;
{HEADERS}
    }}
"""
        for name in nodes
    ]
    tls = f"    ssl_certificate     {place.certificate};\n    ssl_certificate_key {place.key};\n" if place.tls else ""
    return f"""\
map $http_upgrade $gameserver_connection {{ default upgrade; "" ""; }}
{"".join(upstreams)}
server {{
    listen {place.port}{" ssl" if place.tls else ""};
    server_name {place.host};
{tls}
    # Whoever was sent to the node that has a room.
{"".join(of_nodes)}
    # Before somebody connects it is asked which node is ready: one that is not, or does not answer, is passed over by
    # all for a second, and asked again then.
    location = {place.path}/ws {{
        auth_request {place.path}/.ready;
        proxy_pass http://gameserver.ws/ws;
        proxy_next_upstream error timeout;
{HEADERS}
    }}
    location = {place.path}/.ready {{
        internal;
        proxy_pass http://gameserver.ws/readyz;
        proxy_pass_request_body off;
        proxy_next_upstream error timeout http_503;
        proxy_intercept_errors on;
        error_page 500 502 503 504 =204 {place.path}/.asked;
{ASKING}
    }}
    location = {place.path}/.asked {{ internal; return 204; }}

    # Everybody else: the node with the fewest connections; one that does not answer is passed over.
    location {place.path or "/"}{"/" if place.path else ""} {{
        proxy_pass http://gameserver{"/" if place.path else ""};
        proxy_next_upstream error timeout;
{HEADERS}
    }}
}}
"""


def _nginx_upstream(name: str, rule: str, places: Iterable[str]) -> str:
    servers = " ".join(f"server {where} max_fails=1 fail_timeout=1s;" for where in places)
    return f"upstream {name} {{ {rule}{servers} }}\n"


def caddy(nodes: Mapping[str, str], place: PublicPlace) -> str:
    """
    Write a site of a Caddyfile. Caddy fetches its certificate by itself, unless one is given.

    :param nodes: as for `nginx`.
    """
    upstreams = {name: _caddy_place(where) for name, where in nodes.items()}
    of_nodes = [
        f"""\
    handle_path {place.path}/n/{name}/* {{
        reverse_proxy {where}
    }}
"""
        for name, where in upstreams.items()
    ]
    site = f"{'https' if place.tls else 'http'}://{place.host}:{place.port}"
    tls = f"    tls {place.certificate} {place.key}\n" if place.tls and place.certificate else ""
    return f"""\
{site} {{
{tls}    # Whoever was sent to the node that has a room.
{"".join(of_nodes)}
    # Everybody else: the node with the fewest connections of those that are ready.
    handle{f" {place.path}*" if place.path else ""} {{
        reverse_proxy {" ".join(upstreams.values())} {{
            lb_policy least_conn
            lb_try_duration 5s
            fail_duration 1s
            health_uri /readyz
            health_interval 1s
            health_timeout 2s
        }}
    }}
}}
"""


def _caddy_place(where: str) -> str:
    return f"unix/{where.removeprefix('unix:')}" if where.startswith("unix:") else where


def haproxy(nodes: Mapping[str, str], place: PublicPlace) -> str:
    """
    Write a whole ``haproxy.cfg``.

    :param nodes: as for `nginx`.
    """
    tls = f" ssl crt {place.certificate} alpn http/1.1" if place.tls else ""
    scheme = "https" if place.tls else "http"
    choices = [f"    use_backend node_{name} if {{ path_beg {place.path}/n/{name}/ }}\n" for name in nodes]
    servers = [
        f"    server {name} {_haproxy_place(where)} check inter 1s fall 1 rise 1\n" for name, where in nodes.items()
    ]
    backends = [
        f"""\

backend node_{name}
    http-request replace-path {place.path}/n/{name}/(.*) /\\1
    server {name} {_haproxy_place(where)}
"""
        for name, where in nodes.items()
    ]
    return f"""\
defaults
    mode http
    timeout connect 2s
    timeout client 90s
    timeout server 90s
    timeout tunnel 90s
    timeout check 2s

frontend games
    bind :{place.port}{tls}
    http-request set-header X-Forwarded-For %[src]
    http-request set-header X-Forwarded-Proto {scheme}
    # Whoever was sent to the node that has a room.
{"".join(choices)}    default_backend nodes

# Everybody else: the node with the fewest connections of those that are ready.
backend nodes
    balance leastconn
    option httpchk GET /readyz
    option redispatch
    retries 3
{"".join(servers)}{"".join(backends)}"""


def _haproxy_place(where: str) -> str:
    return f"unix@{where.removeprefix('unix:')}" if where.startswith("unix:") else where


WRITERS: Final[Mapping[str, Callable[[Mapping[str, str], PublicPlace], str]]] = {
    "nginx": nginx,
    "caddy": caddy,
    "haproxy": haproxy,
}
GOES: Final = {
    "nginx": "into a file of nginx's http, such as /etc/nginx/conf.d/gameserver.conf",
    "caddy": "into /etc/caddy/Caddyfile",
    "haproxy": "into /etc/haproxy/haproxy.cfg",
}


@click.command()
@click.argument("kind", type=click.Choice(list(WRITERS)))
@click.option("--node", "nodes", multiple=True, required=True, metavar="NAME=WHERE", help="unix:/PATH or HOST:PORT.")
@click.option("--public-url", "url", default="https://games.example", show_default=True, help="What people use.")
@click.option("--certificate", metavar="FILE", help="For https; of Caddy, where it is not to fetch one by itself.")
@click.option("--key", metavar="FILE", help="Of the certificate; HAProxy has it in the same file.")
def proxy(kind: str, nodes: tuple[str, ...], url: str, certificate: str | None, key: str | None) -> None:
    """
    Print a configuration under which several nodes answer at one address; or a single server.

    New connections go to the node with the fewest; /n/NAME/ goes to that node, and is where the others send people
    whose room it has. --node is given for each: the name is the node's setting node_name.
    """
    try:
        places = dict(map(_node, nodes))
        url = readers.public_url(url)
    except Wrong as wrong:
        raise click.ClickException(f"expected {wrong}") from None
    if len(places) < len(nodes):
        raise click.ClickException("two nodes have the same name")
    files = ("", "") if kind == "caddy" else ("/etc/ssl/fullchain.pem", "/etc/ssl/key.pem")
    if kind == "haproxy":
        files = ("/etc/ssl/games.pem", "")
    text = WRITERS[kind](places, PublicPlace(url, certificate or files[0], key or files[1]))
    name, where = next(iter(places.items()))
    trusted = "unix" if where.startswith("unix:") else "127.0.0.1" if _is_here(where) else "ADDRESS-OF-THE-PROXY"
    if len(places) == 1:
        click.echo(f"# Goes {GOES[kind]}. The server: --public-url {url} --trusted-proxy {trusted}")
        click.echo(f"# --listen {_endpoint(where)}")
        click.echo(
            f"# If others join it: each also --node-name NAME, here {name}, --store redis://HOST and one secret."
        )
    else:
        click.echo(f"# Goes {GOES[kind]}. Each node: --public-url {url} --node-name NAME --trusted-proxy {trusted}")
        click.echo(f"# --listen {_endpoint(where)} and so on, all with one --store redis://HOST and one secret.")
    click.echo(text, nl=False)


def _node(given: str) -> tuple[str, str]:
    """:raises Wrong: it is not of the form ``NAME=WHERE``."""
    name, _, where = given.partition("=")
    is_path = where.startswith("unix:/") and not any(letter in where for letter in " ;{}\"'\\")
    host, _, port = where.rpartition(":")
    is_port = bool(host) and port.isdecimal() and 0 < int(port) < 65536 and set(host) <= HOST
    if not (is_path or is_port):
        raise Wrong(f"a node as NAME=unix:/PATH or NAME=HOST:PORT, not {given!r}")
    return readers.node_name(name), where


def _endpoint(where: str) -> str:
    """:returns: the setting ``listen`` with which a node can be reached there."""
    if where.startswith("unix:"):
        return where
    return f"tcp:{where.rpartition(':')[2]}{':interface=127.0.0.1' if _is_here(where) else ''}"


def _is_here(where: str) -> bool:
    return where.rpartition(":")[0] in ("127.0.0.1", "localhost")
