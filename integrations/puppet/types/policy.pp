# @summary How a service is confined: the attributes of `sandbox_unit_policy`
type Sandbox_unit::Policy = Struct[
  {
    Optional['ensure']     => Enum['present', 'absent'],
    Optional['mode']       => Enum['enforcing', 'permissive'],
    Optional['content']    => String[1],
    Optional['template']   => String[1],
    Optional['allow_gaps'] => Boolean,
    Optional['confirm']    => String[1],
    Optional['restart']    => Boolean,
  }
]
