# frozen_string_literal: true

require 'spec_helper'
require 'tmpdir'

# The type defines the module that the provider is in.
Puppet::Type.type(:sandbox_unit_policy)
provider_file = 'puppet/provider/sandbox_unit_policy/sandbox_unit_policy'
require File.expand_path("../../lib/#{provider_file}", __dir__)

RSpec.describe Puppet::Provider::SandboxUnitPolicy::SandboxUnitPolicy do
  subject(:provider) { described_class.new(command) }

  let(:command) { instance_double(PuppetX::SandboxUnit::Command, path: '/bin/sandbox-unit') }
  let(:context) { instance_double(Puppet::ResourceApi::PuppetContext, warning: nil) }
  let(:unit) { { 'unit' => 'a.service', 'mode' => 'enforcing', 'state' => 'live', 'policy' => '/a.toml', 'dropIn' => '/a.conf', 'missing' => [], 'drift' => [] } }
  let(:is) { { name: 'a.service', ensure: 'present', mode: 'enforcing', drift: [] } }
  let(:should) { { name: 'a.service', ensure: 'present', mode: 'enforcing', template: 'no-exec', drift: [] } }

  # Of the text 'x'.
  let(:digest) { '{sha256}2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881' }

  def answer(status, object)
    PuppetX::SandboxUnit::Answer.new(status, object)
  end

  def error(code)
    { 'severity' => 'error', 'code' => code, 'message' => 'wrong', 'hint' => 'mend it' }
  end

  describe '#get' do
    def told(status, *units, diagnostics: [])
      allow(command).to receive(:run).and_return(answer(status, 'units' => units, 'diagnostics' => diagnostics))
    end

    it 'tells the mode and the drift' do
      told(1, unit.merge('state' => 'restart-due', 'drift' => ['drift-files'], 'missing' => ['/l']))
      expect(provider.get(context, ['a.service'])).to eq([is.merge(drift: ['drift-files', 'missing /l', 'restart-due'])])
      expect(command).to have_received(:run).with(['status', '--json', '--', 'a.service'])
    end

    it 'lists all units without names' do
      told(0, unit, unit.merge('unit' => 'b.service'))
      expect(provider.get(context, []).map { |one| one[:name] }).to eq(['a.service', 'b.service'])
      expect(command).to have_received(:run).with(['status', '--json', '--'])
    end

    it 'takes a unit without drop-in and drift for absent' do
      told(1, unit.merge('dropIn' => nil))
      expect(provider.get(context, ['a.service'])).to eq([{ name: 'a.service', ensure: 'absent' }])
    end

    it 'takes a unit whose drop-in was removed for present' do
      told(1, unit.merge('dropIn' => nil, 'mode' => nil, 'drift' => ['drift-files']))
      expect(provider.get(context, ['a.service'])).to eq([{ name: 'a.service', ensure: 'present', drift: ['drift-files'] }])
    end

    it 'takes a unit that is not there for absent' do
      told(2, unit.merge('dropIn' => nil), diagnostics: [error('no-unit')])
      expect(provider.get(context, ['a.service'])).to eq([{ name: 'a.service', ensure: 'absent' }])
    end

    it 'tells the digest of the text beside the drop-in, and of no other' do
      Dir.mktmpdir do |folder|
        beside, other = ['zz-sandbox-unit.toml', 'other.toml'].map { |name| File.join(folder, name) }
        [beside, other].each { |path| File.write(path, 'x') }
        told(0, *[beside, other].map { |path| unit.merge('policy' => path, 'dropIn' => "#{folder}/zz-sandbox-unit.conf") })
        expect(provider.get(context, ['a.service']).map { |one| one[:digest] }).to eq([digest, nil])
      end
    end

    it 'fails where the command cannot tell' do
      told(2, unit, diagnostics: [error('no-bus')])
      expect { provider.get(context, ['a.service']) }.to raise_error(Puppet::Error, 'no-bus: wrong (mend it)')
    end

    it 'fails for an alias' do
      told(0, unit)
      expect { provider.get(context, ['b.service']) }.to raise_error(Puppet::Error, %r{b\.service: the unit's name is a\.service})
    end
  end

  describe '#canonicalize' do
    it 'adds the digest of the content alone' do
      given = [{ name: 'a.service', content: 'x' }, is]
      expect(provider.canonicalize(context, given)).to eq([given.first.merge(digest: digest), is])
    end

    it 'refuses two policies' do
      given = [{ name: 'a.service', content: 'x', template: 'no-exec' }]
      expect { provider.canonicalize(context, given) }.to raise_error(Puppet::ResourceError, %r{exclude each other})
    end
  end

  describe '#insync?' do
    def checked(status, changed, diagnostics: [])
      object = { 'changed' => changed, 'units' => [{ 'changes' => [{ 'kind' => 'replace', 'path' => '/f' }, { 'kind' => 'unchanged', 'path' => '/g' }] }], 'diagnostics' => diagnostics }
      allow(command).to receive(:run).and_return(answer(status, object))
    end

    def insync?(property, actual = is, wanted = should)
      provider.insync?(context, 'a.service', property, actual, wanted)
    end

    it 'asks the command once for all properties' do
      checked(0, false)
      expect([:mode, :drift].map { |property| insync?(property) }).to eq([true, true])
      expect(command).to have_received(:run).once.with(['apply', '--check', '--json', '--template=no-exec', '--', 'a.service'], nil)
    end

    it 'needs nothing where the command would change nothing, whatever differs' do
      checked(0, false)
      other = is.merge(mode: 'permissive', drift: ['restart-due'])
      expect([:mode, :drift].map { |property| insync?(property, other) }).to eq([true, true])
    end

    it 'tells what changes by the property that differs' do
      checked(3, true)
      expect(insync?(:mode, is.merge(mode: 'permissive'))).to eq([false, 'mode changed to enforcing: replace /f'])
      expect(insync?(:drift, is.merge(mode: 'permissive'))).to be(true)
    end

    it 'tells what changes by the drift where no property differs' do
      checked(3, true)
      expect(insync?(:mode)).to be(true)
      expect(insync?(:drift, is.merge(drift: ['drift-files']))).to eq([false, 'drift-files, replace /f'])
      expect(insync?(:drift)).to eq([false, 'replace /f'])
    end

    it 'fails once for a policy that is refused' do
      checked(1, false, diagnostics: [error('unknown-syscall')])
      expect(insync?(:mode)).to be(true)
      expect { insync?(:drift) }.to raise_error(Puppet::ResourceError, 'unknown-syscall: wrong (mend it)')
    end

    {
      'a policy that is refused' => ['unknown-syscall: wrong (mend it)', '/bin/sandbox-unit', 'present'],
      'a missing command' => [%r{not in the search path}, nil, 'present'],
      'a missing command that would free the unit' => [%r{not in the search path}, nil, 'absent'],
    }.each do |what, (said, path, wanted)|
      it "fails for #{what} before Puppet reports a change, and warns of it with --noop" do
        checked(1, false, diagnostics: [error('unknown-syscall')])
        allow(command).to receive(:path).and_return(path)
        ensured = lambda do
          provider.insync?(context, 'a.service', :ensure, { ensure: wanted == 'present' ? 'absent' : 'present' }, should.merge(ensure: wanted))
        end
        expect(&ensured).to raise_error(Puppet::Error, said)
        Puppet[:noop] = true
        expect(ensured.call).to be_nil
        expect(context).to have_received(:warning).once.with('a.service', said)
      ensure
        Puppet[:noop] = false
      end
    end

    it 'needs no command for a unit that is free and is to be' do
      allow(command).to receive(:path).and_return(nil)
      expect(provider.insync?(context, 'a.service', :ensure, { ensure: 'absent' }, { ensure: 'absent' })).to be_nil
    end

    it 'needs nothing where a change waits to be confirmed, and warns' do
      checked(0, false, diagnostics: [{ 'severity' => 'warning', 'code' => 'unconfirmed', 'message' => 'goes back' }])
      expect(insync?(:drift)).to be(true)
      expect(context).to have_received(:warning).once.with('a.service', 'unconfirmed: goes back')
    end
  end

  describe '#set' do
    def set(more, status = 0, diagnostics: [])
      allow(command).to receive(:run).and_return(answer(status, 'diagnostics' => diagnostics))
      provider.set(context, 'a.service' => { is: is, should: should.reject { |key| key == :template }.merge(more) })
    end

    {
      ['apply', '--json'] => {},
      ['apply', '--json', '--no-restart', '--template=t', '--allow-gaps', '--permissive', '--no-confirm'] =>
        { restart: false, template: 't', allow_gaps: true, mode: 'permissive', confirm: 'never' },
      ['apply', '--json', '--confirm=2min'] => { confirm: '2min' },
      ['revert', '--json'] => { ensure: 'absent' },
      ['revert', '--json', '--no-restart'] => { ensure: 'absent', restart: false },
    }.each do |words, more|
      it "runs #{words.join(' ')}" do
        set(more)
        expect(command).to have_received(:run).with([*words, '--', 'a.service'], *(words.first == 'apply' ? [nil] : []))
      end
    end

    it 'hands the content to standard input' do
      set({ content: "x = '$(id)'\n" })
      expect(command).to have_received(:run).with(['apply', '--json', '--policy=-', '--', 'a.service'], "x = '$(id)'\n")
    end

    it 'fails with the diagnostics' do
      errors = [error('rolled-back').merge('file' => 'standard input', 'line' => 1, 'column' => 2), error('b')]
      expect { set({}, 1, diagnostics: errors) }.to raise_error(Puppet::ResourceError, "content:1:2: rolled-back: wrong (mend it)\nb: wrong (mend it)")
    end

    it 'fails where the command tells no reason' do
      expect { set({}, 2) }.to raise_error(Puppet::ResourceError, 'sandbox-unit ended with status 2')
    end
  end
end
