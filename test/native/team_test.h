// The parts of team_test, which tests what threads share.
#pragma once

#include <filesystem>
#include <string>
#include <thread>
#include <vector>

namespace bptt::team_test {

extern int failures;

// Counts and prints what does not hold. Only the thread of `main` calls it.
void expect(bool holds, const std::string& what);
void join_all(std::vector<std::thread>* threads);

// update_lock_test.cc: readers and updates of the lock, without programs.
void test_update_lock();

// program_test.cc: executions of the programs in a folder (test/kernels/write-fuzz-seeds.ts).
void test_programs(const std::filesystem::path& folder);

}  // namespace bptt::team_test
