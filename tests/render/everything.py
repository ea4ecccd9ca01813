"""A system with one of everything, for pages and diagrams."""

from __future__ import annotations

SYSTEM = """\
title: The | shop
summary: "Sells *things*\\nover <the> counter."
hosts:
  vps: {kind: vps, platform: linux/amd64, cpus: 2, memory: 2GiB, swap: 512MiB, ssh: {access: mesh},
        ingress: {kind: caddy}, docker: {logs: {max_size: 10m}}}
  arm: {kind: oci, platform: linux/arm64, cpus: 0.5, memory: 24GiB, ingress: {kind: nginx}}
  lab: {kind: ec2, platform: linux/amd64, cpus: 1, memory: 1GiB, managed_by: Terraform,
        environment: development, purpose: Experiments}
mesh: {kind: tailscale, cidr: 100.64.0.0/10, members: [vps, arm]}
apps:
  web: {host: vps, compose: web.compose.yaml}
  lab: {host: lab, compose: lab.compose.yaml}
processes:
  api:
    host: arm
    manager: pm2
    purpose: Answers
    command: node server.js | tee log
    directory: /srv/api
    user: api
    listens: [3002]
    memory: 1GiB
    data: [/srv/api/api.db]
sites:
  client: {host: arm, path: /srv/client, purpose: Front page, fallback: /index.html,
           immutable: ["/assets/*"]}
jobs:
  sweep: {host: arm, schedule: "5 4 * * 0", command: "find /tmp -delete", purpose: Sweeps}
variables:
  GREETING: {purpose: Front page, default: Hello}
secrets:
  DB_PASSWORD: {purpose: Database, dev: dev-only}
zones:
  example.com:
    provider: cloudflare
    ssl: strict
    proxied: true
    records:
      sip.example.com: {host: vps, proxied: false, purpose: Calls}
  example.org: {provider: external, managed_by: The owners}
routes:
  shop.example.com: {to: "web/front:8080", max_body: 10MiB, max_duration: 90s, cache: static,
                     purpose: Buying}
  shop.example.com/admin/*: {to: "web/front:8081", access: mesh, websocket: true, purpose: Selling}
  old.example.com: {redirect: "https://shop.example.com", host: vps}
  api.example.org: {to: "api:3002", access: {allow: [203.0.113.0/24]}}
  example.org: {site: client}
  example.org/api/*: {to: "api:3002"}
ports:
  web/front:5060/udp: {access: {allow: [203.0.113.0/24]}, purpose: Calls}
databases:
  orders: {server: web/db, used_by: [web/front], data: customers}
  queue: {server: web/cache, index: 1, used_by: [web/front, api]}
buckets:
  vault: {provider: hetzner, region: fsn1, purpose: Copies, lock: 720h}
backups:
  nightly:
    host: vps
    schedule: "55 2 * * *"
    directory: /var/backups/shop
    captures:
      - {of: web/db, method: postgres}
      - {of: web/files, method: copy}
    keep: {daily: 7}
    copies: [{by: web/front, to: vault, schedule: "30 3 * * *", keep: {weekly: 4}}]
    heartbeat: pinger
    drill: {schedule: "0 5 1 * *", on: arm}
disposable:
  web/cached: It is made again
monitors:
  front: {prober: pinger, target: "https://shop.example.com/", every: 5m, expect: [200, 301],
          notify: [mail]}
  backup: {prober: pinger, target: nightly, every: 24h}
externals:
  bank:
    purpose: Money
    integration: REST API
    endpoint: api.bank.example
    behind: A proxy
    tls: {issuer: Bank CA, ends_at: bank edge}
    data: customers
  pinger: {purpose: Asks}
  mail: {purpose: Tells}
flows:
  - internet -> web/front: {protocol: sip, purpose: Calls}
  - web/front -> web/db: {protocol: postgres}
  - web/front -> web/cache: {protocol: redis, soft: true}
  - web/front -> bank: {protocol: https}
  - web/front -> lab/desk: {protocol: http, purpose: Trials}
scenarios:
  order:
    purpose: Somebody buys
    actors: [buyer]
    steps:
      - "buyer -> vps/ingress: orders; pays #1"
      - "vps/ingress -> web/front: passes on"
      - either:
          in stock:
            - "web/front -> bank: charges"
            - "bank --> web/front: done"
          "sold out; sorry":
            - "web/front --> vps/ingress: 409"
      - "vps/ingress --> buyer: answer"
"""

COMPOSE = {
    "web.compose.yaml": """\
services:
  front:
    image: nginx:1.29.3
    expose: ["8080", "8081"]
    ports: ["5060:5060/udp", "127.0.0.1:9000:9000"]
    networks: [edge, data]
    depends_on:
      db: {condition: service_healthy}
      seed: {condition: service_completed_successfully}
    mem_limit: 64m
  db:
    image: postgres:16.10
    expose: ["5432"]
    networks: [data]
    volumes: ["files:/var/lib/postgresql/data"]
    deploy: {resources: {limits: {memory: 256m}}}
    healthcheck: {test: [CMD, pg_isready]}
  cache: {image: "redis:7.4.1", expose: ["6379"], networks: [data], volumes: ["cached:/data"]}
  seed: {image: "busybox:1.37.0", network_mode: none}
networks:
  edge: {}
  data: {internal: true, ipam: {config: [{subnet: 172.20.2.0/24}]}}
volumes: {files: {}, cached: {}}
""",
    "lab.compose.yaml": """\
services:
  desk: {image: "nginx:1.29.3", ports: ["8080:80"]}
""",
}

PROD = """\
config:
  stackgraph:target: prod
  stackgraph:systems: [shop]
  stackgraph:shop:
    hosts:
      vps: {address: 192.0.2.10, host_key: "ssh-ed25519 AAAA"}
      arm: {address: 192.0.2.11, host_key: "ssh-ed25519 AAAA"}
      lab: {address: 192.0.2.12}
    secrets:
      DB_PASSWORD: {secure: "v1:encrypted"}
"""

EVERYTHING = {"system.yaml": SYSTEM, "Pulumi.prod.yaml": PROD, **COMPOSE}
"""The files that differ from the shop's."""
