# @summary The full name of a service, or of a service's template: `nginx.service`, `getty@.service`
type Sandbox_unit::Unit = Pattern[/\A[A-Za-z0-9:_.\\][A-Za-z0-9:_.\\@-]*\.service\z/]
