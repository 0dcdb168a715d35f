# frozen_string_literal: true

require 'json'
require 'open3'
require 'puppet'

module PuppetX; end unless defined?(PuppetX)

module PuppetX::SandboxUnit
  # What `sandbox-unit --json` has answered.
  class Answer
    attr_reader :status

    # @param status [Integer] the exit status
    # @param object [Hash] what was printed
    def initialize(status, object)
      @status = status
      @object = object
    end

    # @return [Array<Hash>] the units that were asked about
    def units
      @object.fetch('units', [])
    end

    # @return [Boolean] whether a diagnostic has this code
    def code?(code)
      diagnostics.any? { |one| one['code'] == code }
    end

    # @return [Boolean] whether it was not, or would not be, done
    def refused?
      ![0, 3].include?(@status)
    end

    # @return [String] the errors, a line each; never empty
    def errors
      lines = lines_of('error')
      lines.empty? ? "sandbox-unit ended with status #{@status}" : lines.join("\n")
    end

    # @return [Boolean] whether something changes
    def changed?
      @object['changed'] == true
    end

    # @return [Array<String>] the warnings
    def warnings
      lines_of('warning')
    end

    # @return [Array<String>] of units whose change isn't kept yet, when they go back
    def unconfirmed
      told = diagnostics.select { |one| one['code'] == 'unconfirmed' }.map { |one| line_of(one) }
      waiting = units.select { |unit| unit['state'] == 'unconfirmed' }
      told + waiting.map do |unit|
        "unconfirmed: goes back to how it was at #{unit['confirmBy']} ('sandbox-unit confirm #{unit['unit']}' keeps it)"
      end
    end

    # @return [Array<String>] the files of the units that change, and what else is said of that
    def changes
      files = units.flat_map { |unit| unit.fetch('changes', []) }.reject { |change| change['kind'] == 'unchanged' }
      said = diagnostics.reject { |one| one['severity'] == 'error' }
      files.map { |change| "#{change['kind']} #{change['path']}" } + said.map { |one| one['message'] }
    end

    private

    def diagnostics
      @object.fetch('diagnostics', [])
    end

    def lines_of(severity)
      diagnostics.select { |one| one['severity'] == severity }.map { |one| line_of(one) }
    end

    # A diagnostic in a line: place, code, message and hint.
    def line_of(diagnostic)
      file, line, column, code, message, hint = diagnostic.values_at('file', 'line', 'column', 'code', 'message', 'hint')
      place = [file == 'standard input' ? 'content' : file, line, column].compact.map { |part| "#{part}:" }.join
      [place, "#{code}:", message, hint && "(#{hint})"].compact.reject(&:empty?).join(' ')
    end
  end

  # The command `sandbox-unit`, which is started as a list of words, without a shell.
  class Command
    NAME = 'sandbox-unit'
    MISSING = "the command '#{NAME}' is not in the search path of Puppet"
    ENVIRONMENT = { 'LANG' => 'C.UTF-8', 'LC_ALL' => 'C.UTF-8', 'LANGUAGE' => nil }.freeze

    # @return [String, nil] where it is installed
    def path
      Puppet::Util.which(NAME)
    end

    # Runs it to its end.
    # @param words [Array<String>] the verb and its options
    # @param input [String, nil] what it reads
    # @return [Answer]
    # @raise [Puppet::Error] where it isn't installed, or doesn't answer as it should
    def run(words, input = nil)
      found = path or raise Puppet::Error, MISSING
      stdout, stderr, process = Open3.capture3(ENVIRONMENT, found, *words, stdin_data: input.to_s, chdir: '/', binmode: true)
      Answer.new(process.exitstatus, parse(stdout))
    rescue JSON::ParserError
      said = stderr.to_s.dup.force_encoding('UTF-8').scrub.lines.first.to_s.strip
      raise Puppet::Error, "'#{NAME} #{words.first}' gave no answer: #{process}#{": #{said}" unless said.empty?}"
    end

    private

    def parse(text)
      object = JSON.parse(text.force_encoding('UTF-8'))
      object.is_a?(Hash) ? object : raise(JSON::ParserError, 'no object')
    end
  end
end
