namespace Vla.Actors.Policies.OpenVla.Modules;

/// <summary>The sizes of a Llama that its weights do not show.</summary>
internal sealed record LlamaSizes
{
    public required int Layers { get; init; }

    public required int Heads { get; init; }

    public required int KeyHeads { get; init; }

    public required double Eps { get; init; }

    /// <summary>The longest wave of its places.</summary>
    public required double Wavelength { get; init; }

    /// <param name="text"><c>text_config</c>; what it leaves out is Llama 2's of 7 B parameters.</param>
    public static LlamaSizes Read(ConfigSection text)
    {
        var heads = text.OptionalInteger("num_attention_heads", 1, 1_024, 32);
        var keyHeads = text.OptionalInteger("num_key_value_heads", 1, 1_024, heads);
        if (heads % keyHeads != 0)
            throw text.Wrong("num_key_value_heads", $"{keyHeads}", $"a divisor of num_attention_heads, {heads}");
        if (text.OptionalSection("rope_scaling") is not null)
            throw text.Wrong("rope_scaling", "there", "missing: places are not stretched");
        return new LlamaSizes
        {
            Layers = text.OptionalInteger("num_hidden_layers", 1, 1_024, 32),
            Heads = heads,
            KeyHeads = keyHeads,
            Eps = text.OptionalNumber("rms_norm_eps", 0, 1, 1e-6),
            Wavelength = text.OptionalNumber("rope_theta", 1, 1e9, 10_000),
        };
    }
}
