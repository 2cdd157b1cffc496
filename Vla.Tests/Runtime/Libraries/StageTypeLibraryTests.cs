using Vla.Actors.Checkpoints;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Staged;
using Vla.Runtime;
using Vla.Runtime.Libraries;
using static TorchSharp.torch;

namespace Vla.Tests.Runtime.Libraries;

/// <summary>Types of stages and families of policies that somebody else wrote, good and bad.</summary>
public sealed class StageTypeLibraryTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_type_that_no_library_brings_is_told_with_the_flag()
    {
        WritePolicy("nobodys_type");

        Assert.Contains(
            "stages.vision_encoder.type is \"nobodys_type\", allowed is ",
            Refusal(),
            StringComparison.Ordinal
        );
        Assert.EndsWith(
            "or a type of your own, whose library is given with --library FILE",
            Refusal(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_type_of_a_library_is_read_tried_and_given_its_weights()
    {
        var file = WriteType(
            "Doubles",
            "doubles",
            "mean.mul(weight)",
            weight: "public readonly TorchSharp.Modules.Parameter weight = new(torch.ones(1));"
        );
        PolicyLibrary.Register(file);
        PolicyLibrary.Register(file); // once more is no harm
        WritePolicy("doubles", ("vision_encoder.weight", full([1], 2f)));

        var policy = StagedPolicy.Load(_folder.Path);

        Assert.Equal("doubles", policy.Info.StageTypes["vision_encoder"]);
        using var encoder = policy.CreateVisionEncoder(CPU);
        using var given = ones(1, 3, 8, 8);
        using var features = encoder.call(given);
        Assert.Equal([2f, 2f, 2f], features.data<float>().ToArray());
    }

    [Theory]
    [InlineData(
        "ForwardThrows",
        "true ? throw new InvalidOperationException(\"no\\nlens\") : mean",
        "does not take a picture [1, 3, 8, 8]: no"
    )]
    [InlineData("GivesNull", "null!", "gives nothing (null)")]
    [InlineData("GivesNaN", "mean.mul(float.NaN)", "makes NaN or infinity of a plain pattern")]
    [InlineData("WrongWidth", "mean[.., ..2]", "fusion (simple_fusion) does not take vision features [1, 2]")]
    public void A_module_that_is_of_no_use_is_told_with_stage_and_type(string name, string forward, string message)
    {
        PolicyLibrary.Register(WriteType(name, name.ToLowerInvariant(), forward));
        WritePolicy(name.ToLowerInvariant());

        Assert.Contains(message, Refusal(), StringComparison.Ordinal);
        Assert.DoesNotContain('\n', Refusal());
    }

    [Theory]
    [InlineData("ReadThrows", "throw new Exception(\"no\\nsettings\")", "cannot read its settings: no settings")]
    [InlineData("ReadsNull", "null!", "its Read gives nothing (null)")]
    [InlineData("MakeThrows", "_ => throw new Exception(\"no\\nmemory\")", "cannot make its module: no memory")]
    [InlineData("MakesNull", "_ => null!", "it gives nothing (null)")]
    public void A_type_that_cannot_make_its_module_is_told_with_class_and_file(string name, string read, string message)
    {
        var file = WriteType(name, name.ToLowerInvariant(), "mean", read);
        PolicyLibrary.Register(file);
        WritePolicy(name.ToLowerInvariant());

        Assert.Contains(message, Refusal(), StringComparison.Ordinal);
        Assert.Contains($"{name}Type in '{file}'", Refusal(), StringComparison.Ordinal);
        Assert.DoesNotContain('\n', Refusal());
    }

    [Theory]
    [InlineData("TakesVits", "vit", "calls itself 'vit', as one of Vla's own: choose another name")]
    [InlineData("BadlyNamed", "My Type", "its name is 1 to 64 small letters, digits and _")]
    public void A_name_that_cannot_be_is_told(string name, string type, string message)
    {
        var refusal = Assert
            .Throws<UsageException>(() => PolicyLibrary.Register(WriteType(name, type, "mean")))
            .Message;

        Assert.Contains(message, refusal, StringComparison.Ordinal);
        Assert.Contains(name + ".dll", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_libraries_with_one_name_are_told()
    {
        PolicyLibrary.Register(WriteType("FirstTaken", "taken", "mean"));

        var refusal = Assert
            .Throws<UsageException>(() => PolicyLibrary.Register(WriteType("SecondTaken", "taken", "mean")))
            .Message;

        Assert.Contains("two types of stage call themselves 'taken'", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void A_library_without_anything_for_policies_is_told_where_it_belongs()
    {
        var output = CompiledCode.Write(
            """
            public sealed class JustTakes : Vla.Actors.Robots.IActionOutput
            {
                public string Name => "";
                public void Apply(Vla.Actors.Robots.PublishedAction action) { }
                public void Dispose() { }
            }
            """,
            _folder.File("JustTakes.dll")
        );

        var refusal = Assert.Throws<UsageException>(() => PolicyLibrary.Register(output)).Message;
        var missing = Assert.Throws<UsageException>(() => PolicyLibrary.Register(_folder.File("none.dll"))).Message;

        Assert.Contains("JustTakes takes actions: give it with --output", refusal, StringComparison.Ordinal);
        Assert.Contains("is not there: build it", missing, StringComparison.Ordinal);
    }

    [Fact]
    public void A_constructor_that_wants_something_is_told()
    {
        var file = CompiledCode.Write(
            """
            using Vla.Actors.Policies;
            public sealed class Wanting(string argument) : IPolicyFamily
            {
                public string Name => argument;
                public bool Takes(PolicyKind config) => false;
                public IPolicy Load(string directory, Precision? precision) => null!;
            }
            """,
            _folder.File("Wanting.dll")
        );

        Assert.Contains(
            "has no public constructor that takes nothing",
            Assert.Throws<UsageException>(() => PolicyLibrary.Register(file)).Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("GivesNone", "null!", "it gives no policy")]
    [InlineData("CannotRead", "throw new Exception(\"no\\nweights\")", "cannot read it: no weights")]
    public void A_family_takes_the_type_it_knows_and_its_errors_are_told(string name, string load, string message)
    {
        PolicyLibrary.Register(
            CompiledCode.Write(
                $$"""
                using Vla.Actors.Policies;
                public sealed class {{name}} : IPolicyFamily
                {
                    public string Name => "{{name}}";
                    public bool Takes(PolicyKind config) => config.Type == "{{name}}";
                    public IPolicy Load(string directory, Precision? precision) => {{load}};
                }
                """,
                _folder.File(name + ".dll")
            )
        );
        File.WriteAllText(_folder.File("config.json"), $$"""{ "type": "{{name}}" }""");

        var refusal = Assert.Throws<PolicyException>(() => PolicyFamilies.Load(_folder.Path)).Message;

        Assert.StartsWith($"{_folder.Path}: family {name} in '", refusal, StringComparison.Ordinal);
        Assert.EndsWith(message, refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void A_directory_of_a_type_that_no_family_knows_is_told_with_the_flag()
    {
        File.WriteAllText(_folder.File("config.json"), """{ "type": "nobodys" }""");

        var refusal = Assert.Throws<PolicyException>(() => PolicyFamilies.Load(_folder.Path)).Message;

        Assert.Contains("is a policy of type 'nobodys', which Vla does not run", refusal, StringComparison.Ordinal);
        Assert.EndsWith("whose library is given with --library FILE", refusal, StringComparison.Ordinal);
    }

    private string Refusal() => Assert.Throws<PolicyException>(() => StagedPolicy.Load(_folder.Path)).Message;

    /// <summary>A vision encoder whose one vector is the mean colour.</summary>
    private string WriteType(string name, string type, string forward, string? read = null, string weight = "") =>
        CompiledCode.Write(
            $$"""
            using TorchSharp;
            using Vla.Actors.Policies;
            using Vla.Actors.Policies.Staged;
            using static TorchSharp.torch;
            using static TorchSharp.torch.nn;
            public sealed class {{name}} : Module<Tensor, Tensor>
            {
                {{weight}}
                public {{name}}() : base("{{name}}") => RegisterComponents();
                public override Tensor forward(Tensor pictures)
                {
                    var mean = pictures.mean([2, 3]);
                    return {{forward}};
                }
            }
            public sealed class {{name}}Type : IVisionType
            {
                public string Name => "{{type}}";
                public Func<Device, Module<Tensor, Tensor>> Read(ConfigSection settings) =>
                    {{read ?? $"_ => new {name}()"}};
            }
            """,
            _folder.File(name + ".dll")
        );

    /// <summary>A policy with that vision encoder, of the smallest stages there are.</summary>
    private void WritePolicy(string visionType, params (string Name, Tensor Weights)[] more)
    {
        using var scope = NewDisposeScope();
        var weights = more.ToDictionary(entry => entry.Name, entry => entry.Weights);
        using (var language = new LanguageEncoder(8, 4, 4, 4))
        using (var fusion = new FusionLayer(3, 4, 8))
        using (var decoder = new ActionDecoder(4, 1))
        {
            Add("language_encoder", language);
            Add("fusion", fusion);
            Add("action_decoder", decoder);
            SafetensorsWriter.Write(_folder.File(StagedPolicy.WeightsFile), weights);
        }

        File.WriteAllLines(
            _folder.File(StagedPolicy.VocabularyFile),
            ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "b", "c", "d"]
        );
        File.WriteAllText(
            _folder.File(StagedPolicy.ConfigFile),
            $$"""
            {
              "name": "small",
              "stages": {
                "vision_encoder": { "type": "{{visionType}}" },
                "language_encoder": {
                  "type": "simple_language", "vocab_size": 8, "embed_dim": 4, "hidden_dim": 4, "feature_dim": 4
                },
                "fusion": { "type": "simple_fusion", "vision_dim": 3, "language_dim": 4, "fused_dim": 8 },
                "action_decoder": { "type": "simple_decoder", "input_dim": 4, "action_dim": 1 }
              },
              "image": { "height": 8, "width": 8, "mean": [0, 0, 0], "std": [1, 1, 1] },
              "text": { "sequence_length": 4, "padding": "left" },
              "action": {
                "names": ["pan"], "units": ["rad/s"], "mean": [0], "std": [1], "horizon": 1, "step_ms": 20
              }
            }
            """
        );

        void Add(string key, nn.Module module)
        {
            foreach (var (name, tensor) in module.state_dict())
                weights.Add($"{key}.{name}", tensor);
        }
    }
}
