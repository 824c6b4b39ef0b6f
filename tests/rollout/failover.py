"""An aggregator fails and recovers, and its bonds are brought home by a rule that rolls out."""

from bridge.simulator.world.world import World
from bridge.simulator.world_builder import make_world
from tests.pipeline.harness import EPOCH, Stage

FAILED = 3
SPARE = 2
OTHER = 1

# only what shows legs, bonds, and where bonds are
FEW = """[bonders, spaces, users, groups, ssh_keys, qos, isos, versions, statistics,
    repositories, mobile_provider_profiles,
  'dynamic_routing/*', 'nodes*', 'spaces/*', 'bonds/*', backups, tlsinfo, configupdates,
      aggfailover, settings,
  downtime_prevented, bondingversion]"""

RULES = """
- id: aggregator-failed
  when: aggregator.failed
  do:
    - notify: {to: noc, title: "aggregator ${aggregator.name} failed"}
- id: home
  when: bond.failed_over
  if: bond.space.key != "lab"
  for: 10m
  group: {by: primary.id, wait: 60s, most: 1000}
  guard:
    blast_radius: {most: 5%, of: bonds, within: 1h}
    approval: {from: noc, expires: 2h, when: "size(events) > 100000"}
    rollout: {first: 1, then: [5, 10%], pause: 2m, stop_on: [unverified, failed, in_doubt]}
    rate: {most: 120, every: 10m}
  do:
    - each: bond
      call: bond.restore_to_primary_agg
      with: {bond: "${bond.id}"}
      retry: {on: [refused, unreachable], every: 3m, until: 6h}
      verify: {expect: "bond.current == bond.primary", within: 5m}
      on_failure:
        - notify: {to: noc, title: "bond ${job.arguments.bond} is not home: ${job.detail}"}
    - notify: {to: noc, title: "${size(events)} bonds are home again"}
"""


def fleet(on_it: int, others: int) -> World:
    """So many bonds on the aggregator that fails, and others elsewhere."""
    world = make_world(seed=1, epoch=EPOCH, bonds=on_it + others)
    for bond in world.bonds.values():
        bond.primary = bond.current = FAILED if bond.id <= on_it else OTHER
        bond.secondary = SPARE
    return world


def fail_and_recover(stage: Stage) -> None:
    """The aggregator fails, its bonds are moved off it, and it is well again some minutes later."""
    stage.set("aggregator", FAILED, "broken", value=True)
    stage.live(8 * 60)
    stage.set("aggregator", FAILED, "broken", value=False)
    stage.live(14 * 60)
