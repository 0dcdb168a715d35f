# frozen_string_literal: true

require 'puppet'
require_relative '../../../puppet_x/sandbox_unit/command'
require_relative '../../../puppet_x/sandbox_unit/confined'

# Confines services by the command `sandbox-unit`, which also decides whether anything would change.
class Puppet::Provider::SandboxUnitPolicy::SandboxUnitPolicy
  def initialize(command = PuppetX::SandboxUnit::Command.new)
    @command = command
    @checks = {}
  end

  # @return [Array<Hash>] the resources, with the digest that follows from their content
  # @raise [Puppet::ResourceError] for a resource with two policies
  def canonicalize(_context, resources)
    resources.map do |resource|
      content, template = resource.values_at(:content, :template)
      raise Puppet::ResourceError, "'content' and 'template' exclude each other" if content && template

      content ? resource.merge(digest: PuppetX::SandboxUnit::Confined.digest_of(content)) : resource
    end
  end

  # @param names [Array<String>, nil] the units; without any, all that are confined
  # @return [Array<Hash>] how they are confined
  # @raise [Puppet::Error] where that can't be told
  def get(_context, names = nil)
    wanted = names || []
    wanted.each { |name| @checks.delete(name) }
    return wanted.map { |name| PuppetX::SandboxUnit::Confined.by_drop_in(name) } if @command.path.nil?

    answer = @command.run(['status', '--json', '--', *wanted])
    raise Puppet::Error, answer.errors if answer.status == 2 && !answer.code?('no-unit')

    refuse_aliases(wanted, answer.units)
    answer.units.map { |unit| PuppetX::SandboxUnit::Confined.resource_of(unit) }
  end

  # @return [Boolean, Array, nil] whether a property needs no change, or that it does and which; nil leaves it to Puppet
  # @raise [Puppet::Error] where the command is missing, or refuses the policy
  def insync?(context, name, property, is, should)
    if property == :ensure
      foretell(context, name, should) if is[:ensure].to_s != should[:ensure].to_s
      return nil
    end
    answer = @checks[name] ||= check(name, should)
    differing = [:digest, :mode].reject { |other| should[other].nil? || is[other] == should[other] }
    # One property stands for all: it fails if the policy is refused, and tells what changes.
    tells = property == (differing.first || :drift)
    raise Puppet::ResourceError, answer.errors if tells && answer.refused?

    answer.unconfirmed.each { |text| context.warning(name, text) } if tells
    drift = is[:drift].to_a
    differs = property == :drift ? tells || !drift.empty? : differing.include?(property)
    return true unless differs && answer.changed?
    return [false, [*drift, *(tells ? answer.changes : [])].join(', ')] if property == :drift

    tells ? [false, "#{property} changed to #{should[property]}: #{answer.changes.join(', ')}"] : false
  end

  # Confines units, or frees them.
  # @raise [Puppet::ResourceError] with what the command says; the host is as before
  def set(context, changes)
    changes.each do |name, change|
      should = change[:should]
      answer = should[:ensure].to_s == 'absent' ? revert(name, should) : apply(name, should)
      (answer.warnings | answer.unconfirmed).each { |text| context.warning(name, text) }
      raise Puppet::ResourceError, answer.errors if answer.refused?
    end
  end

  private

  # Resources by two names of one unit would undo each other.
  def refuse_aliases(wanted, units)
    others = wanted.empty? ? [] : units.map { |unit| unit['unit'] } - wanted
    return if others.empty?

    raise Puppet::Error, "#{wanted.join(', ')}: the unit's name is #{others.join(', ')}: use that as the title"
  end

  # What keeps a unit from being confined or freed. Puppet reports a change before it is made: only here an error comes
  # first. With --noop it is a warning, since resources before this one may mend it.
  def foretell(context, name, should)
    told = obstacle(name, should)
    return if told.nil?
    raise Puppet::ResourceError, told unless Puppet[:noop]

    context.warning(name, told)
  end

  def obstacle(name, should)
    return PuppetX::SandboxUnit::Command::MISSING if @command.path.nil?
    return if should[:ensure].to_s == 'absent'

    answer = check(name, should)
    answer.errors if answer.refused?
  end

  def check(name, should)
    @command.run(['apply', '--check', *plan_words(should), '--', name], should[:content])
  end

  def apply(name, should)
    confirm = should[:confirm]
    words = ['apply', *plan_words(should)]
    words << (confirm == 'never' ? '--no-confirm' : "--confirm=#{confirm}") if confirm
    @command.run([*words, '--', name], should[:content])
  end

  def revert(name, should)
    @command.run(['revert', '--json', *restart_words(should), '--', name])
  end

  def plan_words(should)
    words = ['--json', *restart_words(should)]
    words << '--policy=-' if should[:content]
    words << "--template=#{should[:template]}" if should[:template]
    words << '--allow-gaps' if should[:allow_gaps]
    words << '--permissive' if should[:mode] == 'permissive'
    words
  end

  def restart_words(should)
    should[:restart] == false ? ['--no-restart'] : []
  end
end
