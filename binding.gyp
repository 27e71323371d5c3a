# Not a build description: calls the one in CMakeLists.txt, because prebuildify and node-gyp speak only this format.
{
  "targets": [
    {
      "target_name": "bptt",
      "type": "none",
      "msvs_cygwin_shell": 0,
      "actions": [
        {
          "action_name": "cmake_js",
          "message": "Building bptt.node with cmake-js",
          "inputs": [],
          # The stamp never exists, so that the action always runs; CMake itself is incremental.
          "outputs": ["<(PRODUCT_DIR)/bptt.node", "<(PRODUCT_DIR)/always-run.stamp"],
          "action": ["node", "scripts/build-native.cjs", "--config", "<(CONFIGURATION_NAME)", "--arch", "<(target_arch)"]
        }
      ]
    }
  ]
}
