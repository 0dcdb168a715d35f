# frozen_string_literal: true

require 'digest'

module PuppetX; end unless defined?(PuppetX)
module PuppetX::SandboxUnit; end unless defined?(PuppetX::SandboxUnit)

# Resources that stand for units as they are.
module PuppetX::SandboxUnit::Confined
  DROP_IN = 'zz-sandbox-unit.conf'
  KEPT_TEXT = 'zz-sandbox-unit.toml'
  FOLDERS = ['/etc/systemd/system', '/run/systemd/system'].freeze
  # States of a service that doesn't run with what was written.
  DUE = ['not-proven', 'not-read', 'reload-due', 'restart-due'].freeze

  module_function

  # @param unit [Hash] one of the units that `sandbox-unit status --json` tells of
  # @return [Hash] its resource
  def resource_of(unit)
    name, mode, state = unit.values_at('unit', 'mode', 'state')
    drift = unit['drift'] + unit['missing'].map { |path| "missing #{path}" } + (DUE & [state])
    return { name: name, ensure: 'absent' } if unit['dropIn'].nil? && drift.empty?

    { name: name, ensure: 'present', mode: mode, digest: kept_digest(unit), drift: drift }.compact
  end

  # @return [Hash] the resource of a unit where there is no command to ask: its drop-in tells
  def by_drop_in(name)
    confined = FOLDERS.any? { |folder| File.exist?("#{folder}/#{name}.d/#{DROP_IN}") }
    { name: name, ensure: confined ? 'present' : 'absent' }
  end

  # @return [String] the digest of a policy's text
  def digest_of(text)
    "{sha256}#{Digest::SHA256.hexdigest(text)}"
  end

  # @return [String, nil] the digest of the text beside the drop-in, if the unit is confined by that
  def kept_digest(unit)
    policy, drop_in = unit.values_at('policy', 'dropIn')
    return if drop_in.nil? || policy != File.join(File.dirname(drop_in), KEPT_TEXT)

    digest_of(File.binread(policy)) if File.file?(policy)
  rescue SystemCallError
    nil
  end
end
