using System.CommandLine;
using System.Text.Json;
using OpenCvSharp;
using Vla.Actors.Checkpoints;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Staged;
using Vla.Actors.Torch;
using Vla.Runtime;
using Vla.Runtime.Commands;
using static TorchSharp.torch;

namespace Vla.Tests.Runtime.Commands;

/// <summary><c>vla model</c>, <c>vla forward</c> and <c>vla import</c>, as typed.</summary>
public sealed class ModelCommandsTests : IDisposable
{
    private const string NotebookTree = """
        SimpleVLA(
          (vision_encoder): VisionEncoder(
            (conv_layers): Sequential(
              (0): Conv2d(3, 32, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
              (1): ReLU()
              (2): MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)
              (3): Conv2d(32, 64, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
              (4): ReLU()
              (5): MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)
              (6): Conv2d(64, 128, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
              (7): ReLU()
              (8): AdaptiveAvgPool2d(output_size=(1, 1))
              (9): Flatten(start_dim=1, end_dim=-1)
            )
            (fc): Linear(in_features=128, out_features=128, bias=True)
          )
          (language_encoder): LanguageEncoder(
            (embedding): Embedding(1000, 128)
            (lstm): LSTM(128, 128, batch_first=True, bidirectional=True)
            (fc): Linear(in_features=256, out_features=128, bias=True)
          )
          (fusion): FusionLayer(
            (fusion): Sequential(
              (0): Linear(in_features=256, out_features=256, bias=True)
              (1): ReLU()
              (2): Dropout(p=0.1, inplace=False)
              (3): Linear(in_features=256, out_features=128, bias=True)
            )
          )
          (action_decoder): ActionDecoder(
            (decoder): Sequential(
              (0): Linear(in_features=128, out_features=128, bias=True)
              (1): ReLU()
              (2): Dropout(p=0.1, inplace=False)
              (3): Linear(in_features=128, out_features=64, bias=True)
              (4): ReLU()
              (5): Linear(in_features=64, out_features=7, bias=True)
            )
          )
        )
        """;

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Model_prints_the_tree_as_PyTorch_does_and_the_parameters()
    {
        var text = Invoke("model", "--device", "cpu");

        Assert.Contains(NotebookTree, text, StringComparison.Ordinal);
        Assert.Contains("Device: cpu", text, StringComparison.Ordinal);
        Assert.Contains("Total parameters:     658,759", text, StringComparison.Ordinal);
        Assert.Contains("Trainable parameters: 658,759", text, StringComparison.Ordinal);
        Assert.Contains("Untrained", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Model_as_JSON_holds_the_same()
    {
        using var json = JsonDocument.Parse(Invoke("model", "--device", "cpu", "--json"));
        var root = json.RootElement;

        Assert.Equal(658_759, root.GetProperty("totalParameters").GetInt64());
        Assert.Equal(NotebookTree, root.GetProperty("modules").GetString());
        Assert.Equal("cpu", root.GetProperty("device").GetString());
        Assert.False(root.GetProperty("policy").GetProperty("trained").GetBoolean());
    }

    [Theory]
    [InlineData("tpu", "device 'tpu' is not known; use auto, cpu, cuda or cuda:N")]
    [InlineData("cuda:", "device 'cuda:' is not known")]
    [InlineData("cuda:-1", "device 'cuda:-1' is not known")]
    [InlineData("cuda:99", "device 'cuda:99' is not available")]
    public void A_device_that_is_not_there_is_named(string device, string message) =>
        Assert.Contains(
            message,
            Assert.Throws<DeviceException>(() => Invoke("model", "--device", device)).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void Forward_writes_what_PyTorch_computed()
    {
        using var scope = NewDisposeScope();
        var (output, figure) = (_directory.File("features.safetensors"), _directory.File("figure.png"));

        var text = Invoke(
            "forward",
            "--device",
            "cpu",
            "--input",
            TestData.Path("simplevla/golden.safetensors"),
            "--output",
            output,
            "--figure",
            figure
        );

        using var golden = Checkpoint.Open(TestData.Path("simplevla/golden.safetensors"));
        using var features = Checkpoint.Open(output);
        Assert.Equal(["vision_features", "language_features", "fused_features", "action"], features.Tensors.Keys);
        foreach (var name in features.Tensors.Keys)
            Assert.True(allclose(golden.ReadTensor(name), features.ReadTensor(name), rtol: 0, atol: 1e-5), name);
        using var picture = Cv2.ImRead(figure);
        Assert.Equal((1_200, 1_000), (picture.Width, picture.Height));
        for (var quarter = 0; quarter < 4; quarter++)
        {
            using var part = new Mat(picture, new Rect(quarter % 2 * 600, quarter / 2 * 500, 600, 500));
            Assert.True(ColouredShare(part) > 0.01, $"quarter {quarter} of the figure is empty");
        }
        Assert.Contains("[2, 3, 224, 224]", text, StringComparison.Ordinal);
        Assert.Contains("Action 2 of 2", text, StringComparison.Ordinal);
        Assert.Contains("-0.0670", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Forward_takes_a_picture_and_an_instruction()
    {
        using (var picture = new Mat(48, 64, MatType.CV_8UC3, new OpenCvSharp.Scalar(0, 0, 255)))
            Cv2.ImWrite(_directory.File("red.png"), picture);

        var text = Invoke(
            "forward",
            "--device",
            "cpu",
            "--image",
            _directory.File("red.png"),
            "--instruction",
            "pick up the red block"
        );

        Assert.Contains("[1, 3, 224, 224]", text, StringComparison.Ordinal);
        // A red picture, normalised: (1 − 0.485) / 0.229 at most, (0 − 0.456) / 0.224 at least.
        Assert.Contains("2.2489", text, StringComparison.Ordinal);
        Assert.Contains("-2.0357", text, StringComparison.Ordinal);
        Assert.Contains("gripper", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--image", "a.png")]
    [InlineData("--instruction", "go")]
    [InlineData("--image", "a.png", "--instruction", "go", "--input", "b.safetensors")]
    [InlineData("--image", "none.png", "--instruction", "go")]
    [InlineData("--image", "none.png", "--instruction", " ")]
    [InlineData("--input", "b.safetensors", "--unnorm-key", "bridge_orig")]
    public void Forward_refuses_what_is_no_input(params string[] arguments) =>
        Assert.Throws<UsageException>(() => Invoke(["forward", "--device", "cpu", .. arguments]));

    [Fact]
    public void Forward_names_a_tensor_that_is_wrong()
    {
        using var scope = NewDisposeScope();
        AssertRefused("has no tensor 'text' [batch, sequence]", ("image", zeros(1, 3, 8, 8)));
        AssertRefused("image is [3, 8, 8], expected [batch, 3, height, width]", ("image", zeros(3, 8, 8)));
        AssertRefused("image is [1, 4, 8, 8] F32, expected", ("image", zeros(1, 4, 8, 8)), ("text", Ids(1, 0)));
        AssertRefused(
            "text is [1, 10] F32, expected [1, sequence] of I64 or I32",
            ("image", zeros(1, 3, 8, 8)),
            ("text", zeros(1, 10))
        );
        AssertRefused("text is [2, 10] I64, expected [1, sequence]", ("image", zeros(1, 3, 8, 8)), ("text", Ids(2, 0)));
        AssertRefused(
            "text holds token ids from 1000 to 1000, allowed is 0 to 999",
            ("image", zeros(1, 3, 8, 8)),
            ("text", Ids(1, 1_000))
        );
        AssertRefused("the model does not take image [1, 3, 2, 2]", ("image", zeros(1, 3, 2, 2)), ("text", Ids(1, 0)));

        static Tensor Ids(long batch, long id) => full([batch, 10], id, dtype: int64);

        void AssertRefused(string message, params (string Name, Tensor Tensor)[] tensors)
        {
            var path = _directory.File("input.safetensors");
            SafetensorsWriter.Write(path, tensors.ToDictionary(entry => entry.Name, entry => entry.Tensor));
            var error = Assert.Throws<PolicyException>(() => Invoke("forward", "--device", "cpu", "--input", path));
            Assert.Contains(message, error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', error.Message);
        }
    }

    [Theory]
    [InlineData("simplevla/state_dict.pt")]
    [InlineData("simplevla/model.safetensors")]
    public void Import_makes_a_policy_that_gives_the_same_actions(string weights)
    {
        using var scope = NewDisposeScope();
        var policy = _directory.File("mine");

        Invoke("import", "--weights", TestData.Path(weights), "--output", policy + "/");
        Invoke(
            "forward",
            "--device",
            "cpu",
            "--policy",
            policy,
            "--input",
            TestData.Path("simplevla/golden.safetensors"),
            "--output",
            _directory.File("out")
        );

        using var golden = Checkpoint.Open(TestData.Path("simplevla/golden.safetensors"));
        using var features = Checkpoint.Open(_directory.File("out"));
        Assert.True(allclose(golden.ReadTensor("action"), features.ReadTensor("action"), rtol: 0, atol: 1e-5));
        Assert.Equal([policy], Directory.GetDirectories(_directory.Path));
    }

    [Fact]
    public void Import_reads_the_sizes_off_the_weights()
    {
        using var scope = NewDisposeScope();
        using var model = new SimpleVLA(
            new VisionEncoder(32),
            new LanguageEncoder(1_200, 16, 24, 48),
            new FusionLayer(32, 48, 64),
            new ActionDecoder(32, 3)
        );
        SafetensorsWriter.Write(_directory.File("small.safetensors"), model.state_dict());

        Invoke("import", "--weights", _directory.File("small.safetensors"), "--output", _directory.File("small"));

        var policy = StagedPolicy.Load(_directory.File("small"));
        Assert.Equal((1_200, 3), (policy.VocabularySize, policy.Action.Dimensions));
        Assert.Null(policy.Info.Trained);
    }

    [Fact]
    public void Import_names_what_does_not_fit_and_leaves_nothing_behind()
    {
        using var scope = NewDisposeScope();
        SafetensorsWriter.Write(
            _directory.File("other.safetensors"),
            new Dictionary<string, Tensor> { ["layer1.weight"] = ones(1) }
        );

        var error = Assert.Throws<CheckpointException>(() =>
            Invoke("import", "--weights", _directory.File("other.safetensors"), "--output", _directory.File("new"))
        );

        Assert.Contains("does not fit SimpleVLA: 29 missing: vision_encoder.", error.Message, StringComparison.Ordinal);
        Assert.Contains("1 unexpected: layer1.weight", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetDirectories(_directory.Path));
    }

    [Fact]
    public void Import_never_writes_into_a_directory_with_files()
    {
        _directory.Write("kept.txt", [1]);

        var error = Assert.Throws<PolicyException>(() =>
            Invoke("import", "--weights", TestData.Path("simplevla/state_dict.pt"), "--output", _directory.Path)
        );

        Assert.Contains("exists already and is not empty", error.Message, StringComparison.Ordinal);
        Assert.Equal([_directory.File("kept.txt")], Directory.GetFiles(_directory.Path));
    }

    // Bars are coloured; axes, grid and text are grey.
    private static double ColouredShare(Mat picture)
    {
        using var hsv = picture.CvtColor(ColorConversionCodes.BGR2HSV);
        using var saturation = hsv.ExtractChannel(1);
        using var coloured = saturation.Threshold(60, 255, ThresholdTypes.Binary);
        return (double)coloured.CountNonZero() / coloured.Total();
    }

    private static string Invoke(params string[] arguments)
    {
        var root = new RootCommand { ModelCommand.Create(), ForwardCommand.Create(), ImportCommand.Create() };
        using var output = new StringWriter();
        var parsed = root.Parse(arguments);
        Assert.Empty(parsed.Errors);
        parsed.Invoke(new InvocationConfiguration { Output = output, EnableDefaultExceptionHandler = false });
        return output.ToString();
    }
}
