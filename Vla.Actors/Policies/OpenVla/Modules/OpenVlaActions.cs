namespace Vla.Actors.Policies.OpenVla.Modules;

/// <summary>What OpenVLA's action tokens mean: the last ids of its vocabulary, the last of them the lowest
/// value.</summary>
internal sealed class OpenVlaActions
{
    private readonly double[] _centres;
    private readonly int _vocabulary;

    public OpenVlaActions(OpenVlaConfig config)
    {
        _vocabulary = config.Vocabulary;
        var bins = config.Bins;
        // As numpy's linspace has them.
        var edges = Enumerable.Range(0, bins).Select(i => i * (2.0 / (bins - 1)) - 1).ToArray();
        edges[^1] = 1;
        _centres = [.. edges.Zip(edges.Skip(1), (one, next) => (one + next) / 2)];
    }

    /// <summary>The middles between the bins, −1 to 1.</summary>
    public IReadOnlyList<double> Centres => _centres;

    /// <summary>The value of a token between −1 and 1; one that is none counts as the nearest end.</summary>
    public double Value(long id) => _centres[Math.Clamp(_vocabulary - id - 1, 0, _centres.Length - 1)];
}
