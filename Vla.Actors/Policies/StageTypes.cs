using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies;

/// <summary>Every value of a stage's <c>type</c> in <c>config.json</c>, and how its sizes are read. New kinds are added here.</summary>
public static class StageTypes
{
    public const string TorchScript = "torchscript";

    private const int MaximumSize = 65_536;
    private const int MaximumVocabulary = 1_000_000;

    public static IReadOnlyDictionary<string, Func<ConfigSection, Func<Device, Module<Tensor, Tensor>>>> Vision { get; } =
        new Dictionary<string, Func<ConfigSection, Func<Device, Module<Tensor, Tensor>>>>
        {
            ["simple_vision"] = section =>
            {
                var features = Size(section, "feature_dim");
                return _ => new VisionEncoder(features);
            },
            [TorchScript] = TorchScriptStage,
        };

    public static IReadOnlyDictionary<string, Func<ConfigSection, Func<Device, Module<Tensor, Tensor>>>> Language { get; } =
        new Dictionary<string, Func<ConfigSection, Func<Device, Module<Tensor, Tensor>>>>
        {
            ["simple_language"] = section =>
            {
                var vocabulary = section.Integer("vocab_size", 1, MaximumVocabulary);
                var (embedding, hidden) = (Size(section, "embed_dim"), Size(section, "hidden_dim"));
                var features = Size(section, "feature_dim");
                return _ => new LanguageEncoder(vocabulary, embedding, hidden, features);
            },
            [TorchScript] = TorchScriptStage,
        };

    public static IReadOnlyDictionary<string, Func<ConfigSection, Func<Device, Module<Tensor, Tensor, Tensor>>>> Fusion { get; } =
        new Dictionary<string, Func<ConfigSection, Func<Device, Module<Tensor, Tensor, Tensor>>>>
        {
            ["simple_fusion"] = section =>
            {
                var (vision, language) = (Size(section, "vision_dim"), Size(section, "language_dim"));
                var fused = section.Integer("fused_dim", 2, MaximumSize);
                return _ => new FusionLayer(vision, language, fused);
            },
            [TorchScript] = section =>
            {
                var file = TorchScriptFile(section);
                return device => new TorchScriptFusion(file, device);
            },
        };

    public static IReadOnlyDictionary<string, Func<ConfigSection, Func<Device, Module<Tensor, Tensor>>>> Decoder { get; } =
        new Dictionary<string, Func<ConfigSection, Func<Device, Module<Tensor, Tensor>>>>
        {
            ["simple_decoder"] = section =>
            {
                var (input, action) = (Size(section, "input_dim"), Size(section, "action_dim"));
                return _ => new ActionDecoder(input, action);
            },
            [TorchScript] = TorchScriptStage,
        };

    /// <summary>Reads one stage's section.</summary>
    /// <exception cref="PolicyException">The type is not known, or a size is missing or out of range.</exception>
    public static PolicyStage<TModule> Read<TModule>(
        ConfigSection section, IReadOnlyDictionary<string, Func<ConfigSection, Func<Device, TModule>>> types)
        where TModule : Module
    {
        var type = section.Choice("type", [.. types.Keys]);
        var create = types[type](section);
        section.CheckUnknown();
        return new PolicyStage<TModule>(type, HasOwnWeights: type == TorchScript, create);
    }

    private static int Size(ConfigSection section, string key) => section.Integer(key, 1, MaximumSize);

    private static Func<Device, Module<Tensor, Tensor>> TorchScriptStage(ConfigSection section)
    {
        var file = TorchScriptFile(section);
        return device => new TorchScriptStage(file, device);
    }

    private static string TorchScriptFile(ConfigSection section)
    {
        const int maximumLength = 255;
        var name = section.Text("file", maximumLength);
        // A policy is a directory that can be copied whole: what it names lies inside.
        if (Path.IsPathRooted(name) || name.Split('/', '\\').Contains(".."))
            throw section.Wrong("file", $"\"{name}\"", "a file inside the policy's directory");
        return Path.Combine(section.Directory, name);
    }
}
