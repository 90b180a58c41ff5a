#include "fedge/coordinator/row_io.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>

namespace fedge {
namespace {

// Little-endian, whatever the machine: a state directory may move to another one.
template <typename T>
void AppendNumber(T value, std::string& out) {
  for (std::size_t i = 0; i < sizeof(T); ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

bool TakeText(std::string_view& encoded, std::string& text) {
  std::uint32_t size = 0;
  if (encoded.size() < sizeof(size)) return false;
  for (std::size_t i = 0; i < sizeof(size); ++i)
    size |= std::uint32_t{static_cast<std::uint8_t>(encoded[i])} << (8 * i);
  encoded.remove_prefix(sizeof(size));
  if (encoded.size() < size) return false;
  text = encoded.substr(0, size);
  encoded.remove_prefix(size);
  return true;
}

}  // namespace

void RowChecksum::Add(std::int64_t value) {
  encoded_.push_back('i');
  AppendNumber(static_cast<std::uint64_t>(value), encoded_);
}

void RowChecksum::Add(double value) {
  encoded_.push_back('r');
  AppendNumber(std::bit_cast<std::uint64_t>(Stored(value)), encoded_);
}

void RowChecksum::Add(char type, std::string_view bytes) {
  encoded_.push_back(type);
  AppendNumber(static_cast<std::uint64_t>(bytes.size()), encoded_);
  encoded_.append(bytes);
}

std::string EncodeLabels(const Labels& labels) {
  std::string encoded;
  for (const auto& [key, value] : labels) {
    for (const std::string& text : {std::cref(key), std::cref(value)}) {
      AppendNumber(static_cast<std::uint32_t>(text.size()), encoded);
      encoded += text;
    }
  }
  return encoded;
}

bool DecodeLabels(std::string_view encoded, Labels& labels) {
  labels.clear();
  std::string key;
  std::string value;
  while (!encoded.empty()) {
    if (!TakeText(encoded, key) || !TakeText(encoded, value)) return false;
    labels[std::move(key)] = std::move(value);
  }
  return true;
}

double Stored(double value) {
  if (std::isnan(value)) return std::numeric_limits<double>::quiet_NaN();
  return value == 0 ? 0.0 : value;
}

void RowWriter::Integer(std::int64_t value) {
  statement_.Bind(column_++, value);
  checksum_.Add(value);
}

void RowWriter::Put(double value) {
  statement_.Bind(column_++, value);
  checksum_.Add(value);
}

void RowWriter::Put(const std::string& value) {
  statement_.BindText(column_++, value);
  checksum_.Add('t', value);
}

void RowWriter::Put(const Digest& value) {
  statement_.BindBlob(column_++, value.bytes);
  checksum_.Add('b', {reinterpret_cast<const char*>(value.bytes.data()), value.bytes.size()});
}

void RowWriter::Put(const Labels& value) {
  labels_ = EncodeLabels(value);
  statement_.BindBlob(column_++, AsBytes(labels_));
  checksum_.Add('b', labels_);
}

bool RowReader::Expect(int type) {
  if (row_.TypeOf(column_) == type) return true;
  ++column_;
  valid_ = false;
  return false;
}

std::int64_t RowReader::Integer() {
  if (!Expect(SQLITE_INTEGER)) return 0;
  const std::int64_t value = row_.Integer(column_++);
  checksum_.Add(value);
  return value;
}

void RowReader::Get(double& value) {
  if (row_.TypeOf(column_) == SQLITE_NULL) {
    ++column_;
    value = std::numeric_limits<double>::quiet_NaN();
  } else if (Expect(SQLITE_FLOAT)) {
    value = row_.Real(column_++);
  }
  checksum_.Add(value);
}

void RowReader::Get(std::string& value) {
  if (!Expect(SQLITE_TEXT)) return;
  value = row_.Bytes(column_++);
  checksum_.Add('t', value);
}

void RowReader::Get(Digest& value) {
  if (!Expect(SQLITE_BLOB)) return;
  const std::string_view bytes = row_.Bytes(column_++);
  checksum_.Add('b', bytes);
  if (bytes.size() == value.bytes.size()) {
    std::memcpy(value.bytes.data(), bytes.data(), bytes.size());
  } else {
    valid_ = false;
  }
}

void RowReader::Get(Labels& value) {
  if (!Expect(SQLITE_BLOB)) return;
  const std::string_view bytes = row_.Bytes(column_++);
  checksum_.Add('b', bytes);
  valid_ = DecodeLabels(bytes, value) && valid_;
}

Status RowReader::Finish(int num_key_columns) {
  if (valid_ && row_.TypeOf(column_) == SQLITE_INTEGER &&
      row_.Integer(column_) == checksum_.Finish())
    return OkStatus();
  return DataLoss("{}: the checksum of the row with {} differs", table_,
                  row_.Describe(num_key_columns));
}

}  // namespace fedge
