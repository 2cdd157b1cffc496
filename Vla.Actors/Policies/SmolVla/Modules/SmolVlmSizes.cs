namespace Vla.Actors.Policies.SmolVla.Modules;

/// <summary>What the weights of a SmolVLM do not show of its sizes: heads, and small numbers in norms.</summary>
/// <remarks>
/// A policy's checkpoint does not say them; they stand in the <c>config.json</c> of the vision-language model that it
/// was made from, which may be put beside the weights as <c>vlm/config.json</c>. Those of the published one are known.
/// </remarks>
internal sealed record SmolVlmSizes
{
    /// <summary>The model that published policies are made from.</summary>
    public const string PublishedName = "HuggingFaceTB/SmolVLM2-500M-Video-Instruct";

    public const string File = "vlm/config.json";
    private const int MostHeads = 256;

    public required int VisionHeads { get; init; }

    public required double VisionEps { get; init; }

    public required int TextHeads { get; init; }

    /// <summary>Heads of keys and values; each serves as many heads of queries.</summary>
    public required int KeyHeads { get; init; }

    /// <summary>Numbers of a head.</summary>
    public required int HeadSize { get; init; }

    public required double TextEps { get; init; }

    /// <summary>How many cells of a picture's side become one token.</summary>
    public required int Shuffle { get; init; }

    /// <param name="directory">The policy's.</param>
    /// <param name="name">Of the vision-language model.</param>
    /// <exception cref="PolicyException">They are not known, or the file is wrong.</exception>
    public static SmolVlmSizes Read(string directory, string name)
    {
        var file = Path.Combine(directory, File);
        if (!System.IO.File.Exists(file))
        {
            return name == PublishedName
                ? Published
                : throw new PolicyException(
                    $"{directory}: was made from {name}, whose sizes are not known here: put that model's "
                        + $"config.json beside the weights as {File}"
                );
        }

        using var document = ConfigFile.Parse(file);
        var root = new ConfigSection(file, "", document.RootElement.Clone()) { NullIsMissing = true };
        var (text, vision) = (root.Section("text_config"), root.Section("vision_config"));
        var heads = text.Integer("num_attention_heads", 1, MostHeads);
        var keyHeads = text.OptionalInteger("num_key_value_heads", 1, MostHeads, heads);
        if (heads % keyHeads != 0)
            throw text.Wrong("num_key_value_heads", $"{keyHeads}", $"a divisor of num_attention_heads, {heads}");
        return new SmolVlmSizes
        {
            VisionHeads = vision.Integer("num_attention_heads", 1, MostHeads),
            VisionEps = vision.OptionalNumber("layer_norm_eps", 0, 1, Published.VisionEps),
            TextHeads = heads,
            KeyHeads = keyHeads,
            HeadSize = text.OptionalInteger(
                "head_dim",
                2,
                4_096,
                text.OptionalInteger("hidden_size", 2, 65_536, 960) / heads
            ),
            TextEps = text.OptionalNumber("rms_norm_eps", 0, 1, Published.TextEps),
            Shuffle = root.OptionalInteger("scale_factor", 1, 64, Published.Shuffle),
        };
    }

    private static SmolVlmSizes Published { get; } =
        new()
        {
            VisionHeads = 12,
            VisionEps = 1e-6,
            TextHeads = 15,
            KeyHeads = 5,
            HeadSize = 64,
            TextEps = 1e-5,
            Shuffle = 4,
        };
}
