#pragma once

#include <cstdint>

// The opcodes of pickle that torch writers use (Python's Lib/pickletools.py describes them).
namespace fedge::internal {

enum PickleOpcode : std::uint8_t {
  kOpMark = '(',
  kOpStop = '.',
  kOpPop = '0',
  kOpBinInt = 'J',
  kOpBinInt1 = 'K',
  kOpBinInt2 = 'M',
  kOpNone = 'N',
  kOpBinPersId = 'Q',
  kOpReduce = 'R',
  kOpBinUnicode = 'X',
  kOpBinBytes = 'B',
  kOpShortBinBytes = 'C',
  kOpBinFloat = 'G',
  kOpAppend = 'a',
  kOpAppends = 'e',
  kOpBuild = 'b',
  kOpGlobal = 'c',
  kOpBinGet = 'h',
  kOpLongBinGet = 'j',
  kOpBinPut = 'q',
  kOpLongBinPut = 'r',
  kOpSetItem = 's',
  kOpSetItems = 'u',
  kOpTuple = 't',
  kOpEmptyTuple = ')',
  kOpEmptyList = ']',
  kOpEmptyDict = '}',
  kOpProto = 0x80,
  kOpNewObj = 0x81,
  kOpTuple1 = 0x85,
  kOpTuple2 = 0x86,
  kOpTuple3 = 0x87,
  kOpNewTrue = 0x88,
  kOpNewFalse = 0x89,
  kOpLong1 = 0x8a,
  kOpShortBinUnicode = 0x8c,
  kOpBinUnicode8 = 0x8d,
  kOpEmptySet = 0x8f,
  kOpAddItems = 0x90,
  kOpStackGlobal = 0x93,
  kOpMemoize = 0x94,
  kOpFrame = 0x95,
};

}  // namespace fedge::internal
