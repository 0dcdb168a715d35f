# frozen_string_literal: true

require 'spec_helper'

RSpec.describe Puppet::Type.type(:sandbox_unit_policy) do
  def resource(attributes)
    described_class.new({ title: 'a.service', ensure: 'present' }.merge(attributes))
  end

  it 'is in force and tried unless told otherwise' do
    made = resource({})
    expect([:ensure, :mode, :restart, :allow_gaps, :drift].map { |name| made.parameters[name].rs_value.to_s }).to eq(['present', 'enforcing', 'true', 'false', '[]'])
  end

  {
    ensure: 'latest',
    mode: 'log',
    content: '',
    template: '',
    allow_gaps: 'perhaps',
    restart: 'perhaps',
    confirm: '--all',
  }.each do |name, value|
    it "refuses #{name} => #{value.inspect}" do
      expect { resource(name => value) }.to raise_error(Puppet::ResourceError, %r{#{name}})
    end
  end

  ['a', 'a.timer', '-a.service', 'a b.service', "a.service\nb.service", '../a.service'].each do |title|
    it "refuses the title #{title.inspect}" do
      expect { described_class.new(title: title) }.to raise_error(Puppet::ResourceError, %r{name})
    end
  end

  ['a.service', 'a@.service', 'a@b.service', 'a\x2db.service', 'org.a:b_c.service'].each do |title|
    it "takes the title #{title}" do
      expect(described_class.new(title: title)[:name]).to eq(title)
    end
  end
end
