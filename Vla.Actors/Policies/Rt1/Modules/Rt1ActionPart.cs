namespace Vla.Actors.Policies.Rt1.Modules;

/// <summary>A part of RT-1's action: numbers between two ends, a token each, or a choice, one token.</summary>
/// <param name="Name">As the original calls it: <c>world_vector</c>.</param>
/// <param name="Size">Numbers; of a choice, how many there are to choose from.</param>
/// <param name="Lowest">What token 0 means.</param>
/// <param name="Highest">What the last token means.</param>
/// <param name="IsChoice">One of several, told as 1 among zeros.</param>
internal sealed record Rt1ActionPart(string Name, int Size, double Lowest, double Highest, bool IsChoice)
{
    private const int LongestName = 128;
    private const int MostNumbers = 64;
    private const string Terminate = "terminate_episode";

    /// <summary>As the authors' later code has them.</summary>
    public static IReadOnlyList<Rt1ActionPart> Usual { get; } =
    [
        new(Terminate, 3, 0, 1, IsChoice: true),
        new("world_vector", 3, -1, 1, IsChoice: false),
        new("rotation_delta", 3, -Math.PI / 2, Math.PI / 2, IsChoice: false),
        new("gripper_closedness_action", 1, -1, 1, IsChoice: false),
        new("base_displacement_vertical_rotation", 1, -Math.PI, Math.PI, IsChoice: false),
        new("base_displacement_vector", 2, -1, 1, IsChoice: false),
    ];

    /// <summary>Tokens that it takes.</summary>
    public int Tokens => IsChoice ? 1 : Size;

    /// <summary>Names of its numbers: <c>world_vector_x</c>, <c>terminate_episode_0</c>.</summary>
    public IEnumerable<string> Names =>
        Size == 1 ? [Name]
        : Name is "world_vector" or "rotation_delta" or "base_displacement_vector" && Size <= 3
            ? Enumerable.Range(0, Size).Select(i => $"{Name}_{"xyz"[i]}")
        : Enumerable.Range(0, Size).Select(i => $"{Name}_{i}");

    /// <summary>The unit of its numbers.</summary>
    public string Unit =>
        Name switch
        {
            "world_vector" or "base_displacement_vector" => "m",
            "rotation_delta" or "base_displacement_vertical_rotation" => "rad",
            _ => "1",
        };

    /// <exception cref="PolicyException">A value is missing or out of range.</exception>
    public static Rt1ActionPart Read(ConfigSection section)
    {
        var name = section.Text("name", LongestName);
        var size = section.Integer("size", 1, MostNumbers);
        var isChoice = section.Choice("type", "float32", "int32") == "int32";
        var part = isChoice
            ? new Rt1ActionPart(name, size, 0, 1, IsChoice: true)
            : new Rt1ActionPart(
                name,
                size,
                section.Number("minimum", -1e6, 1e6),
                section.Number("maximum", -1e6, 1e6),
                IsChoice: false
            );
        if (part.Highest <= part.Lowest)
            throw section.Wrong("maximum", $"{part.Highest}", $"above minimum, {part.Lowest}");
        var tokens = section.OptionalInteger("tokens", 1, MostNumbers, part.Tokens);
        if (tokens != part.Tokens)
            throw section.Wrong("tokens", $"{tokens}", $"{part.Tokens}: one for each number, one for a choice");
        return part;
    }

    /// <summary>What tokens mean.</summary>
    /// <param name="tokens">As many as <see cref="Tokens"/>.</param>
    /// <param name="values">Receives as many as <see cref="Size"/>.</param>
    /// <param name="vocabulary">Values of a token.</param>
    public void Values(ReadOnlySpan<int> tokens, Span<float> values, int vocabulary)
    {
        if (IsChoice)
        {
            values.Clear();
            // One that is no choice counts as the first.
            values[tokens[0] < Size ? tokens[0] : 0] = 1;
            return;
        }

        var (lowest, highest) = ((float)Lowest, (float)Highest);
        for (var i = 0; i < Size; i++)
            values[i] = tokens[i] / (float)(vocabulary - 1) * (highest - lowest) + lowest;
    }

    /// <summary>The tokens of an action; what is beyond the ends is the end.</summary>
    /// <param name="values">As many as <see cref="Size"/>.</param>
    /// <param name="tokens">Receives as many as <see cref="Tokens"/>.</param>
    /// <param name="vocabulary">Values of a token.</param>
    public void Tokenise(ReadOnlySpan<float> values, Span<int> tokens, int vocabulary)
    {
        if (IsChoice)
        {
            var chosen = 0;
            for (var i = 1; i < Size; i++)
            {
                if (values[i] > values[chosen])
                    chosen = i;
            }

            tokens[0] = chosen;
            return;
        }

        var (lowest, highest) = ((float)Lowest, (float)Highest);
        for (var i = 0; i < Size; i++)
        {
            var share = (Math.Clamp(values[i], lowest, highest) - lowest) / (highest - lowest);
            tokens[i] = (int)(share * (vocabulary - 1));
        }
    }
}
