#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "chaos_run.h"

// A coordinator that is killed, or loses its power, again and again in the middle of real training:
// the same rounds go on, nothing that was accepted is asked for again, and the final model is byte
// for byte that of a run that nobody disturbed.
namespace fedge::testing {

// What a disturbed run is held against.
struct Undisturbed {
  std::string model;
  std::map<std::string, std::uint64_t> passed;  // the points
};
Undisturbed PlayUndisturbed(int rounds);
// The points that a coordinator passes which goes on with a run that another one began.
std::map<std::string, std::uint64_t> PointsOfARestart(int rounds);

// Dies once on an empty directory; the run that follows must be as any other.
void PlayAtCreation(const Death& death, const Undisturbed& undisturbed, int rounds);

// Plays all deaths, in as many runs as that takes, and prints what came of each.
void PlayAll(const std::vector<Death>& deaths, int rounds, std::size_t deaths_per_run);

}  // namespace fedge::testing
