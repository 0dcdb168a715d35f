# @summary Confines services, as Hiera lists them
#
# @example Two services, in Hiera
#   sandbox_unit::units:
#     nginx.service:
#       template: no-exec
#     demo.service:
#       mode: permissive
#       content: |
#         [syscalls]
#         deny = ["execve"]
#
# @param units
#   Services by their full names, each with attributes of `sandbox_unit_policy`. The levels of Hiera are merged.
#
# @param defaults
#   Attributes of the services that don't have them.
#
# @param purge
#   Whether the services are freed that sandbox-unit confines and that no resource names.
#
class sandbox_unit (
  Hash[Sandbox_unit::Unit, Sandbox_unit::Policy] $units    = {},
  Sandbox_unit::Policy                           $defaults = {},
  Boolean                                        $purge    = false,
) {
  $units.each |$unit, $attributes| {
    sandbox_unit_policy { $unit:
      * => $defaults + $attributes,
    }
  }

  if $purge {
    resources { 'sandbox_unit_policy':
      purge => true,
    }
  }
}
