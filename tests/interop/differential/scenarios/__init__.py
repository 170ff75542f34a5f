# SPDX-License-Identifier: GPL-3.0-or-later
"""The scenarios, by family. A scenario is a dict:

  name, policy   the policy is issue text's word for it; at least three scenarios each
  base           fragment of both variants (see shape.py)
  on / off       fragment with the policy / in its place; without `off` it is simply taken out
  requests       see play.py; Envoy's outcome with `on` is what is expected of ours
  stricter       why a difference of ours is meant
"""
from . import balancing, headers, resilience, routing, security

ALL = [dict(s, name=f"{s['policy']}: {s['name']}") for family in (routing, headers, resilience, balancing, security)
       for s in family.SCENARIOS]
