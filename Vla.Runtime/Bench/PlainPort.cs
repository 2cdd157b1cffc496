using TorchSharp;
using TorchSharp.Modules;
using Vla.Actors.Checkpoints;
using Vla.Actors.Policies.Staged;
using Vla.Sensors.Images;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Runtime.Bench;

/// <summary>The notebook's model as one ports it line by line: the reference that the runtime has to beat.</summary>
/// <remarks>
/// Default layouts, no in-place work, and every input encoded for every picture, the instruction too. The weights are
/// the policy's own; sizes are read off them.
/// </remarks>
internal sealed class PlainPort : Module<Tensor, Tensor, Tensor>
{
    private readonly Module<Tensor, Tensor> vision_encoder;
    private readonly Module<Tensor, Tensor> language_encoder;
    private readonly Module<Tensor, Tensor> fusion;
    private readonly Module<Tensor, Tensor> action_decoder;

    private PlainPort(Checkpoint weights)
        : base(nameof(PlainPort))
    {
        vision_encoder = new Vision(Size("vision_encoder.fc.weight", 0));
        language_encoder = new Language(
            Size("language_encoder.embedding.weight", 0),
            Size("language_encoder.embedding.weight", 1),
            Size("language_encoder.lstm.weight_hh_l0", 1),
            Size("language_encoder.fc.weight", 0)
        );
        fusion = new Fusion(
            Size("fusion.fusion.0.weight", 1),
            Size("fusion.fusion.0.weight", 0),
            Size("fusion.fusion.3.weight", 0)
        );
        action_decoder = new Decoder(
            Size("action_decoder.decoder.0.weight", 1),
            Size("action_decoder.decoder.0.weight", 0),
            Size("action_decoder.decoder.3.weight", 0),
            Size("action_decoder.decoder.5.weight", 0)
        );
        RegisterComponents();

        long Size(string name, int dimension) => weights.Tensors[name].Shape[dimension];
    }

    /// <summary>The port of a policy, in evaluation mode; null when a stage of it is not the notebook's.</summary>
    public static PlainPort? Of(StagedPolicy policy, Device device)
    {
        if (policy.Info.StageTypes.Values.Any(type => !type.StartsWith("simple_", StringComparison.Ordinal)))
            return null;

        using var weights = SafetensorsCheckpoint.Open(Path.Combine(policy.Directory, StagedPolicy.WeightsFile));
        var port = new PlainPort(weights);
        StateDict.Load(port, weights);
        port.eval();
        return port.to(device);
    }

    public override Tensor forward(Tensor image, Tensor text) =>
        action_decoder.call(fusion.call(cat([vision_encoder.call(image), language_encoder.call(text)], 1)));

    /// <summary>
    /// A prepared picture [height, width, 3] as PyTorch code has it: [1, 3, height, width], one plane after another.
    /// </summary>
    public static Tensor Image(float[] hwc, ImageSpec spec) =>
        tensor(hwc, [1, spec.Height, spec.Width, 3]).permute(0, 3, 1, 2).contiguous();

    private sealed class Vision : Module<Tensor, Tensor>
    {
        private readonly Sequential conv_layers;
        private readonly Linear fc;

        public Vision(long featureDim)
            : base("vision")
        {
            conv_layers = Sequential(
                ("0", Conv2d(3, 32, 3, padding: 1)),
                ("1", ReLU()),
                ("2", MaxPool2d(2)),
                ("3", Conv2d(32, 64, 3, padding: 1)),
                ("4", ReLU()),
                ("5", MaxPool2d(2)),
                ("6", Conv2d(64, 128, 3, padding: 1)),
                ("7", ReLU()),
                ("8", AdaptiveAvgPool2d([1, 1])),
                ("9", Flatten())
            );
            fc = Linear(128, featureDim);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => fc.call(conv_layers.call(input));
    }

    private sealed class Language : Module<Tensor, Tensor>
    {
        private readonly Embedding embedding;
        private readonly LSTM lstm;
        private readonly Linear fc;

        public Language(long vocabulary, long embed, long hidden, long features)
            : base("language")
        {
            embedding = Embedding(vocabulary, embed);
            lstm = LSTM(embed, hidden, batchFirst: true, bidirectional: true);
            fc = Linear(hidden * 2, features);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => fc.call(lstm.call(embedding.call(input)).Item1.select(1, -1));
    }

    private sealed class Fusion : Module<Tensor, Tensor>
    {
        private readonly Sequential fusion;

        public Fusion(long inputs, long hidden, long outputs)
            : base("fusion")
        {
            fusion = Sequential(
                ("0", Linear(inputs, hidden)),
                ("1", ReLU()),
                ("2", Dropout(0.1)),
                ("3", Linear(hidden, outputs))
            );
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => fusion.call(input);
    }

    private sealed class Decoder : Module<Tensor, Tensor>
    {
        private readonly Sequential decoder;

        public Decoder(long inputs, long first, long second, long outputs)
            : base("decoder")
        {
            decoder = Sequential(
                ("0", Linear(inputs, first)),
                ("1", ReLU()),
                ("2", Dropout(0.1)),
                ("3", Linear(first, second)),
                ("4", ReLU()),
                ("5", Linear(second, outputs))
            );
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => decoder.call(input);
    }
}
