#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "fedge/cli/app.h"

// What is made from the definitions of a command line besides parsing.
namespace fedge::cli {

// --help of one command, in lines of at most `width` columns (but not less than 60).
std::string RenderHelp(const Command& command, std::size_t width, bool color);

// A page of man(7) for the whole program.
std::string RenderMan(const Command& root);

// Completion scripts: programmable completion of bash 4 and newer, and a zsh #compdef function.
std::string RenderBashCompletion(const Command& root);
std::string RenderZshCompletion(const Command& root);

// "start-round --clients N [options]": what follows the program's name.
std::string Usage(const Command& command);

// Headings in the order of their first option; hidden options have none.
struct OptionGroup {
  std::string title;
  std::vector<const Option*> options;
};
std::vector<OptionGroup> GroupOptions(const Command& command);

// The command and all below it, depth first.
std::vector<const Command*> AllCommands(const Command& root);

}  // namespace fedge::cli
