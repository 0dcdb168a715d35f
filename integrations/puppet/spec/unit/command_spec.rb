# frozen_string_literal: true

require 'spec_helper'
require 'tmpdir'
require File.expand_path('../../lib/puppet_x/sandbox_unit/command', __dir__)

RSpec.describe PuppetX::SandboxUnit::Command do
  around do |example|
    Dir.mktmpdir do |folder|
      @program = File.join(folder, 'sandbox-unit')
      path = ENV.fetch('PATH')
      ENV['PATH'] = "#{folder}:#{path}"
      example.run
    ensure
      ENV['PATH'] = path
    end
  end

  def install(script)
    File.write(@program, "#!/bin/sh\n#{script}")
    File.chmod(0o755, @program)
  end

  it 'hands words and input on as they are, in the locale C' do
    install(%q(printf '{"units": ["%s", "%s", "%s", "%s"]}' "$1" "$2" "$LC_ALL" "$(cat)"; exit 3))
    answer = described_class.new.run(['a b', '$(id);*'], 'é')
    expect([answer.status, answer.units]).to eq([3, ['a b', '$(id);*', 'C.UTF-8', 'é']])
  end

  ['exit 0', 'echo 5', 'echo "{"', 'kill -9 $$'].each do |script|
    it "fails where the command does '#{script}'" do
      install("echo boo >&2\n#{script}")
      expect { described_class.new.run(['status']) }.to raise_error(Puppet::Error, %r{\A'sandbox-unit status' gave no answer: .*: boo\z})
    end
  end

  it 'fails where there is no command' do
    ENV['PATH'] = File.dirname(@program)
    expect(described_class.new.path).to be_nil
    expect { described_class.new.run(['status']) }.to raise_error(Puppet::Error, %r{not in the search path})
  end
end
