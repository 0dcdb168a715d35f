# frozen_string_literal: true

require 'puppet/resource_api'

Puppet::ResourceApi.register_type(
  name: 'sandbox_unit_policy',
  docs: <<~DOCS,
    @summary Confines a systemd service by a policy of sandbox-unit

    The policy is `content`, or a starter policy, `template`. Without them it is the host's own policy of the service,
    below `/etc/sandbox-unit`.

    A service that doesn't come up under its policy, or isn't confined by it, is put back as it was, and the resource
    fails with what `sandbox-unit apply` says.

    @example A policy in place
      sandbox_unit_policy { 'nginx.service':
        content => file('profile/nginx.toml'),
      }

    @example What a policy would refuse is let through and recorded
      sandbox_unit_policy { 'nginx.service':
        template => 'no-exec',
        mode     => 'permissive',
      }

    **Autorequires**: the package `sandbox-unit`, and a service whose title is the same.
  DOCS
  features: ['canonicalize', 'custom_insync', 'simple_get_filter'],
  attributes: {
    name: {
      type: 'Pattern[/\A[A-Za-z0-9:_.\\\\][A-Za-z0-9:_.\\\\@-]*\.service\z/]',
      desc: 'The full name of the service, or of a template of services. An alias is an error.',
      behaviour: :namevar,
    },
    ensure: {
      type: 'Enum[present, absent]',
      desc: 'Whether the service is confined.',
      default: 'present',
    },
    mode: {
      type: 'Enum[enforcing, permissive]',
      desc: 'With `permissive`, what `[syscalls]` of the policy would refuse is let through and recorded.',
      default: 'enforcing',
    },
    content: {
      type: 'Optional[String[1]]',
      desc: "The policy's text, in TOML.",
      behaviour: :parameter,
    },
    template: {
      type: 'Optional[String[1]]',
      desc: 'A starter policy by its name, as `no-exec`.',
      behaviour: :parameter,
    },
    allow_gaps: {
      type: 'Boolean',
      desc: 'Whether lines of the policy that nobody enforces on this host are warnings, else errors.',
      default: false,
      behaviour: :parameter,
    },
    confirm: {
      type: 'Optional[Pattern[/\A(never|[0-9][0-9a-z ]*)\z/]]',
      desc: 'A time such as `2min`, from ten seconds to an hour: the change goes back by itself, unless ' \
            '`sandbox-unit confirm` keeps it within this time. Services by which people and machines get in wait ' \
            'for that two minutes without this attribute, too. With `never` a change is kept at once.',
      behaviour: :parameter,
    },
    restart: {
      type: 'Boolean',
      desc: 'Whether a running service is restarted. If not, a change takes effect at its next start.',
      default: true,
      behaviour: :parameter,
    },
    digest: {
      type: 'Optional[Pattern[/\A\{sha256\}[0-9a-f]{64}\z/]]',
      desc: 'The digest of the text that the service is confined by. It follows from `content`, and is not to be set.',
    },
    drift: {
      type: 'Array[String]',
      desc: 'What has changed since the policy was applied, as `sandbox-unit status` names it. It is not to be set.',
      default: [],
    },
  },
  autorequire: {
    package: 'sandbox-unit',
    service: '$name',
  },
)
