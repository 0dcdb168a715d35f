# frozen_string_literal: true

require 'spec_helper'

describe 'sandbox_unit' do
  context 'without units' do
    it { is_expected.to compile.with_all_deps }
    it { is_expected.to have_sandbox_unit_policy_resource_count(0) }
    it { is_expected.not_to contain_resources('sandbox_unit_policy') }
  end

  context 'with units and defaults' do
    let(:params) do
      {
        units: { 'a.service' => { 'template' => 'no-exec' }, 'b@.service' => { 'mode' => 'enforcing', 'restart' => true } },
        defaults: { 'mode' => 'permissive', 'restart' => false },
        purge: true,
      }
    end

    it { is_expected.to compile.with_all_deps }
    it { is_expected.to contain_sandbox_unit_policy('a.service').with(template: 'no-exec', mode: 'permissive', restart: false) }
    it { is_expected.to contain_sandbox_unit_policy('b@.service').with(mode: 'enforcing', restart: true) }
    it { is_expected.to contain_resources('sandbox_unit_policy').with_purge(true) }
  end

  ['a', 'a.timer', '-a.service', 'a b.service', "a.service\nb.service"].each do |unit|
    context "with the name #{unit.inspect}" do
      let(:params) { { units: { unit => {} } } }

      it { is_expected.to compile.and_raise_error(%r{Sandbox_unit::Unit|Pattern}) }
    end
  end

  context 'with an attribute that there is not' do
    let(:params) { { units: { 'a.service' => { 'modus' => 'enforcing' } } } }

    it { is_expected.to compile.and_raise_error(%r{unrecognized key 'modus'}) }
  end
end
