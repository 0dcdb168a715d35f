# frozen_string_literal: true

require 'rspec-puppet'

RSpec.configure do |config|
  config.mock_with :rspec
  # rspec-puppet links the module there, by the name in metadata.json.
  config.module_path = File.expand_path('fixtures/modules', __dir__)
end
