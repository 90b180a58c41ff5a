#include "bind_options.h"
#include "fedge/cli/app.h"
#include "peak_memory.h"
#include "run_compress.h"

int main(int argc, char** argv) {
  if (const auto code = fedge::RunMemoryProbe(argc, argv)) return *code;
  fedge::CompressOptions options;
  fedge::cli::App app("compress", "makes a TorchScript model small and ready for edge-serve");
  app.Description(
      "Writes a copy of the model that plain torch.jit.load opens and runs with the same numbers, "
      "and that carries an edge program: what edge-serve runs without LibTorch. Without a method "
      "the weights stay as they are. The input file is never touched; what can't be done is said "
      "before anything is written.");
  fedge::BindOptions(app, options);
  app.Example("compress model.pt --input 1x3x224x224",
              "writes model.edge.pt, the same model with an edge program");
  app.Example("compress --fp16 model.pt -o small.pt --json",
              "half the size; the shape comes from the schema in the file");
  app.Example("compress --fp16 model.pt --eval mnist:data/mnist",
              "with the accuracy on the test set before and after");
  app.Section("Exit status", fedge::cli::kExitStatusHelp);
  app.Validate([&] { return options.Validate(); });
  app.Run([&] { return fedge::RunCompress(options, app.quiet()); });
  return app.Main(argc, argv);
}
