"""One full object of every kind, as the vendor's documents and clients show it or as it likeliest is, and in our words."""

from typing import Any

HOST = "https://ba.example.com/api/v4"
_ACME = {"name": "Acme", "key": "acme", "url": f"{HOST}/spaces/acme/"}
_OUR_ACME = {"key": "acme", "name": "Acme"}


def of_bond(plural: str, number: int) -> dict[str, Any]:
    """What every object of a bond has."""
    return {"id": number, "url": f"{HOST}/bonds/3/{plural}/{number}/", "bond_id": 3}


FULL: dict[str, dict[str, Any]] = {
    "leg": {
        "id": 12, "bond_id": 3, "overall_state": "up", "down_speed": 50, "up_speed": 10, "link_mode": "active",
        "type": "interface", "url": f"{HOST}/bonds/3/interface_legs/12/", "failover": False, "note": "cable",
        "upload_rate": 1000, "download_rate": 2000, "interface": f"{HOST}/bonders/8/ethernet_interfaces/4/",
    },
    "bond": {
        "id": 3, "url": f"{HOST}/bonds/3/", "name": "acme-van", "circuit_id": "1042", "note": "n",
        "bonder": {"id": 8, "name": "van", "key": "KEY12-34567-89ABC-DEFGH", "password": "bonders-word", "serial_number": "s"},
        "space": {"name": "Acme", "key": "acme", "url": f"{HOST}/spaces/acme/"},
        "aggregator": f"{HOST}/aggregators/1590/", "secondary_aggregator": f"{HOST}/aggregators/1591/",
        "upload_rate": 1, "download_rate": 2, "packet_distribution": "idmpq", "password": "bonds-word",
    },
    "aggregator": {
        "id": 1590, "name": "vancouver-1", "status": "up", "note": "", "space": f"{HOST}/spaces/root/",
        "key": "AGGRE-GATOR-KEY00-00000", "password": "aggregators-word",
    },
    "bond_tuning": {
        "id": 7, "bond": 3, "status": "finished", "success": True, "accepted": None, "created": "2020-03-01T10:00:00Z",
        "started": "2020-03-01T10:00:05.5Z", "finished": "2020-03-01T10:11:40Z",
        "recommendations": {"legs": [{"leg": 12, "down_speed": 48.5}], "packet_distribution": "idmpq"},
    },
    "backup": {"name": "2020-03-01.zip", "size": 5, "created": "2020-03-01T00:00:00Z"},
    "node": {
        "id": 8, "name": "van", "status": "unknown", "version": "", "key": "NODES-KEY00-00000-00000", "ip": "203.0.113.9",
    },
    "leg_tuning": {
        "id": 9, "bond": f"{HOST}/bonds/3/", "leg": f"{HOST}/bonds/3/interface_legs/12/", "status": "running", "success": None,
        "accepted": None, "created": "2020-03-01T10:00:00Z", "started": "2020-03-01T10:00:05Z", "finished": None,
        "recommendations": None,
    },
    "speedtest": {
        "id": 31, "url": f"{HOST}/bonds/3/speedtests/31/", "bond": f"{HOST}/bonds/3/", "leg": None, "protocol": "tcp",
        "direction": "download", "length": 10, "rate_limit": None, "concurrency": 1, "description": "after the move",
        "status": "finished", "created": "2020-03-01T10:00:00Z", "started": None, "finished": "2020-03-01T10:00:20Z",
        "progress_results": [1, 2], "results": {"throughput": 47.1},
    },
    "config_updates": {"count": 128, "failures": 14, "status": {"pending": 2, "sent": 1, "complete": 124, "failed": 1}},
    "failover_checks": {"success": 10234, "failure": 3},
    "certificate": {
        "certificate": {"subject": "CN=ba.example.com", "issuer": "CN=ca", "not_before": "2020-01-01T00:00:00Z",
                        "not_after": "2021-01-01T00:00:00Z", "fingerprint": "ab:cd"},
        "csr": {"subject": "CN=asked", "not_after": "1999-01-01T00:00:00Z"},
    },
    "downtime_report": {
        "week": {"start": "2020-03-01T00:00:00Z", "end": "2020-03-08T00:00:00Z", "duration": 4210, "count": 3},
        "month": {"start": "2020-02-01T00:00:00Z", "end": "2020-03-01T00:00:00Z", "duration": 9051, "count": 11},
    },
    "bonding_version": {"version": "6.6.65"},
    "repository": {"version": "6.6.65"},
    "versions": {"bonding": "6.6.65", "django": "1.11"},
    "iso": {"name": "bonder.iso", "size": 5, "created": "2020-03-01T00:00:00Z"},
    "settings": {"aggregator_failover_maintenance_mode": False, "email_host": "mail", "email_password": "mails-word"},
    "bonder": {
        "id": 8, "name": "van", "username": "u", "password": "bonders-word", "key": "NODES-KEY00-00000-00000", "note": "n",
        "serial_number": "s", "asset_tag": "a", "metric_collection_interval": 10, "metric_reporting_interval": "60",
        "space": _ACME, "cpu_governor": "performance",
    },
    "ethernet_interface": {
        "id": 4, "url": f"{HOST}/bonders/8/ethernet_interfaces/4/", "bonder": f"{HOST}/bonders/8/", "name": "eth0",
        "mode": "auto", "mtu": 1500, "mac": "00:00:5e:00:53:01", "note": "", "status": {"carrier": True},
    },
    "vlan_interface": {
        "id": 5, "node": 8, "name": "eth0.7", "trunk": f"{HOST}/bonders/8/ethernet_interfaces/4/", "vlan_id": "7", "mtu": None,
        "note": "",
    },
    "vxlan_interface": {"id": 6, "node": 8, "name": "vx1", "vni": 77, "mtu": 1450, "note": "", "group": "239.0.0.1"},
    "qos_profile": {"id": 1, "name": "Default", "overhead_margin": 5, "space": f"{HOST}/spaces/acme/", "classes": []},
    "connected_ip": {
        **of_bond("connected_ips", 21), "interface": {"id": 4, "name": "eth0"}, "ip": "203.0.113.1/30", "enabled": True,
        "include_private_wan": False, "agg_routing": "auto", "note": "",
    },
    "cpe_nat_ip": {
        **of_bond("cpe_nat_ips", 22), "ip": "203.0.113.4", "dest_nat_ip": "192.168.1.2", "dest_nat_netmask": "255.255.255.0",
        "enabled": False, "note": "",
    },
    "route": {
        **of_bond("routes", 23), "network": "203.0.113.16/28", "gateway": "203.0.113.2", "interface": None, "enabled": True,
        "include_private_wan": False, "note": "",
    },
    "dnsmasq_service": {
        **of_bond("dnsmasq_services", 41), "connected_ip": f"{HOST}/bonds/3/connected_ips/21/", "enabled": True,
        "mode": "Local", "range_start": "192.168.1.10", "range_end": "192.168.1.99", "lease_time": "24h",
        "domain": "example.com", "tftp_server": "",
    },
    "dns_cache_service": {**of_bond("dns_cache_services", 42), "connected_ip": 21, "enabled": True},
    "router_advertisement_service": {**of_bond("router_advertisement_services", 43), "connected_ip": 21, "enabled": True},
    "dhcpv6_prefix_delegation_service": {
        **of_bond("dhcpv6_prefix_delegation_services", 44), "connected_ip": 21, "enabled": True, "pool": "2001:db8::/48",
        "delegation_length": 56, "excluded_prefix": "",
    },
    "dhcpv6_non_temporary_address_service": {
        **of_bond("dhcpv6_non_temporary_address_services", 45), "connected_ip": 21, "enabled": True, "pool": "2001:db8::/64",
    },
    "autoipv6_addressing": {**of_bond("autoipv6_addressings", 51), "leg": f"{HOST}/legs/12/", "enabled": True},
    "dhcp_addressing": {**of_bond("dhcp_addressings", 52), "leg": 12, "enabled": True, "active": True},
    "pppoe_addressing": {
        **of_bond("pppoe_addressings", 53), "leg": "12", "enabled": "true", "username": "u", "password": "lines-word",
        "service_name": "",
    },
    "static_addressing": {**of_bond("static_addressings", 54), "leg": 12, "enabled": True, "ip": "192.0.2.2/30",
                          "gateway": "192.0.2.1"},
    "aggregator_routing_filter": {"id": 61, "name": "f", "space": _ACME, "rules": "accept;"},
    "aggregator_routing_protocol": {
        "id": 62, "name": "p", "type": "BGP", "enabled": True, "aggregator": f"{HOST}/aggregators/1590/", "space": _ACME,
    },
    "bonder_routing_filter": {"id": 63, "name": "f", "space": _ACME},
    "bonder_routing_protocol": {
        "id": 64, "name": "p", "type": "OSPF", "enabled": False, "bonder": f"{HOST}/bonders/8/", "include_private_wan": True,
    },
    "mobile_provider_profile": {
        "id": 71, "url": f"{HOST}/mobile_provider_profiles/71/", "name": "LTE", "apn": "internet", "username": "u",
        "password": "providers-word", "space": _ACME, "leg_count": 2,
    },
    "user": {
        "id": 81, "email": "a@example.com", "name": "A", "is_active": True,
        "groups": [f"{HOST}/groups/92/", f"{HOST}/groups/91/"], "home_space": _ACME, "password": "users-word",
    },
    "group": {"id": 91, "name": "Administrator", "permissions": ["bonding.view_leg", "bonding.change_leg"]},
    "space": {
        "id": 2, "key": "acme", "name": "Acme", "url": f"{HOST}/spaces/acme/", "parent": f"{HOST}/spaces/root/", "level": 1,
        "crm_id": "", "related_object_counts": {"bonds": 5},
    },
    "ip_allocation": {
        "id": 101, "network": "203.0.113.0/24", "space": f"{HOST}/spaces/acme/",
        "routing_groups": [{"id": 2, "display_name": "West"}, {"id": 1, "display_name": "Default group"}],
    },
    "delegated_ip_allocation": {"id": 102, "network": "203.0.113.0/28", "space": _ACME},
    "ssh_key": {"id": 111, "name": "a@host", "key": "ssh-ed25519 AAAA", "user": f"{HOST}/users/81/"},
}  # fmt: skip

IN_OUR_WORDS: dict[str, dict[str, Any]] = {
    "leg": {
        "id": 12, "name": "cable", "bond": 3, "state": "up", "class": "up", "standing": None, "mode": "active",
        "failover": False, "type": "interface", "provider": None, "down_speed": 50.0, "up_speed": 10.0, "upload_rate": 1000.0,
        "download_rate": 2000.0, "note": "cable",
    },
    "bond": {
        "id": 3, "name": "acme-van", "space": {"key": "acme", "name": "Acme"}, "primary": 1590, "secondary": 1591,
        "circuit_id": "1042", "packet_distribution": "idmpq", "upload_rate": 1.0, "download_rate": 2.0, "note": "n",
    },
    "aggregator": {
        "id": 1590, "name": "vancouver-1", "space": {"key": "root", "name": None}, "status": "up", "standing": None,
        "note": "",
    },
    "bond_tuning": {
        "id": 7, "bond": 3, "status": "finished", "outcome": "recommended", "verdict": None,
        "recommendations": {"legs": [{"leg": 12, "down_speed": 48.5}], "packet_distribution": "idmpq"},
        "created": "2020-03-01T10:00:00+00:00", "started": "2020-03-01T10:00:05.500000+00:00",
        "finished": "2020-03-01T10:11:40+00:00",
    },
    "backup": {
        "name": "2020-03-01.zip", "complete": True, "failed": False, "size": 5.0, "created": "2020-03-01T00:00:00+00:00",
    },
    "node": {"id": 8, "name": "van", "status": "unknown", "version": "", "outdated": None},
    "leg_tuning": {
        "id": 9, "bond": 3, "leg": 12, "status": "running", "outcome": None, "verdict": None, "recommendations": {},
        "created": "2020-03-01T10:00:00+00:00", "started": "2020-03-01T10:00:05+00:00", "finished": None,
    },
    "speedtest": {
        "id": 31, "bond": 3, "leg": None, "protocol": "tcp", "direction": "download", "length": 10.0, "rate_limit": None,
        "concurrency": 1, "description": "after the move", "status": "finished", "outcome": "succeeded",
        "created": "2020-03-01T10:00:00+00:00", "started": None, "finished": "2020-03-01T10:00:20+00:00",
        "results": {"throughput": 47.1},
    },
    "config_updates": {
        "count": 128, "failures": 14, "pending": 3, "state": None, "since": None,
        "statuses": {"pending": 2, "sent": 1, "complete": 124, "failed": 1},
    },
    "failover_checks": {"success": 10234, "failure": 3, "state": None},
    "certificate": {
        "subject": "CN=ba.example.com", "issuer": "CN=ca", "not_before": "2020-01-01T00:00:00+00:00",
        "not_after": "2021-01-01T00:00:00+00:00", "fingerprint": "ab:cd", "source": "tlsinfo", "stage": None,
    },
    "downtime_report": {
        "week_start": "2020-03-01T00:00:00+00:00", "week_end": "2020-03-08T00:00:00+00:00", "week_duration": 4210.0,
        "week_count": 3, "month_start": "2020-02-01T00:00:00+00:00", "month_end": "2020-03-01T00:00:00+00:00",
        "month_duration": 9051.0, "month_count": 11,
    },
    "bonding_version": {"version": "6.6.65"},
    "repository": {"version": "6.6.65"},
    "versions": {"versions": {"bonding": "6.6.65", "django": "1.11"}},
    "iso": {"name": "bonder.iso", "size": 5.0, "created": "2020-03-01T00:00:00+00:00"},
    "bonder": {
        "id": 8, "name": "van", "username": "u", "note": "n", "serial_number": "s", "asset_tag": "a",
        "metric_collection_interval": 10.0, "metric_reporting_interval": 60.0, "space": _OUR_ACME,
    },
    "ethernet_interface": {
        "id": 4, "node": 8, "name": "eth0", "mode": "auto", "mtu": 1500, "mac": "00:00:5e:00:53:01", "note": "", "other": {},
    },
    "vlan_interface": {
        "id": 5, "node": 8, "name": "eth0.7", "trunk": 4, "vlan_id": 7, "mtu": None, "note": "", "other": {},
    },
    "vxlan_interface": {
        "id": 6, "node": 8, "name": "vx1", "vni": 77, "mtu": 1450, "note": "", "other": {"group": "239.0.0.1"},
    },
    "qos_profile": {
        "id": 1, "name": "Default", "overhead_margin": 5.0, "space": {"key": "acme", "name": None}, "other": {"classes": []},
    },
    "connected_ip": {
        "id": 21, "bond": 3, "enabled": True, "note": "", "ip": "203.0.113.1/30", "interface": 4, "include_private_wan": False,
        "agg_routing": "auto", "other": {},
    },
    "cpe_nat_ip": {
        "id": 22, "bond": 3, "enabled": False, "note": "", "ip": "203.0.113.4", "dest_nat_ip": "192.168.1.2",
        "dest_nat_netmask": "255.255.255.0", "other": {},
    },
    "route": {
        "id": 23, "bond": 3, "enabled": True, "note": "", "network": "203.0.113.16/28", "gateway": "203.0.113.2",
        "interface": None, "include_private_wan": False, "other": {},
    },
    "dnsmasq_service": {
        "id": 41, "bond": 3, "connected_ip": 21, "enabled": True, "mode": "Local", "range_start": "192.168.1.10",
        "range_end": "192.168.1.99", "lease_time": "24h", "domain": "example.com", "other": {"tftp_server": ""},
    },
    "dns_cache_service": {"id": 42, "bond": 3, "connected_ip": 21, "enabled": True, "other": {}},
    "router_advertisement_service": {"id": 43, "bond": 3, "connected_ip": 21, "enabled": True, "other": {}},
    "dhcpv6_prefix_delegation_service": {
        "id": 44, "bond": 3, "connected_ip": 21, "enabled": True, "pool": "2001:db8::/48", "delegation_length": 56,
        "excluded_prefix": "", "other": {},
    },
    "dhcpv6_non_temporary_address_service": {
        "id": 45, "bond": 3, "connected_ip": 21, "enabled": True, "pool": "2001:db8::/64", "other": {},
    },
    "autoipv6_addressing": {"id": 51, "bond": 3, "leg": 12, "enabled": True, "other": {}},
    "dhcp_addressing": {"id": 52, "bond": 3, "leg": 12, "enabled": True, "other": {}},
    "static_addressing": {
        "id": 54, "bond": 3, "leg": 12, "enabled": True, "ip": "192.0.2.2/30", "gateway": "192.0.2.1", "other": {},
    },
    "aggregator_routing_filter": {"id": 61, "name": "f", "space": _OUR_ACME, "other": {"rules": "accept;"}},
    "aggregator_routing_protocol": {
        "id": 62, "name": "p", "type": "BGP", "enabled": True, "aggregator": 1590, "space": _OUR_ACME, "other": {},
    },
    "bonder_routing_filter": {"id": 63, "name": "f", "space": _OUR_ACME, "other": {}},
    "bonder_routing_protocol": {
        "id": 64, "name": "p", "type": "OSPF", "enabled": False, "bonder": 8, "include_private_wan": True, "other": {},
    },
    "user": {"id": 81, "email": "a@example.com", "name": "A", "active": True, "groups": [91, 92], "space": _OUR_ACME},
    "group": {
        "id": 91, "name": "Administrator", "permissions": ["bonding.change_leg", "bonding.view_leg"], "other": {},
    },
    "space": {"id": 2, "key": "acme", "name": "Acme", "parent": "root", "level": 1, "crm_id": "", "other": {}},
    "ip_allocation": {
        "id": 101, "network": "203.0.113.0/24", "routing_groups": [1, 2], "space": {"key": "acme", "name": None}, "other": {},
    },
    "delegated_ip_allocation": {"id": 102, "network": "203.0.113.0/28", "space": _OUR_ACME, "other": {}},
    "ssh_key": {"id": 111, "name": "a@host", "user": 81, "other": {"key": "ssh-ed25519 AAAA"}},
    # these have secrets: their `other` is not compared but for what it names
    "settings": {"failover": "on"},
    "pppoe_addressing": {"id": 53, "bond": 3, "leg": 12, "enabled": True, "username": "u", "service_name": ""},
    "mobile_provider_profile": {
        "id": 71, "name": "LTE", "apn": "internet", "username": "u", "leg_count": 2, "space": _OUR_ACME,
    },
}  # fmt: skip
