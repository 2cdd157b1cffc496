using Vla.Actors.Policies.Remote.Messages;

namespace Vla.Actors.Policies.Remote;

/// <summary>What a server answered: a chunk of actions, and how long it says it has worked.</summary>
/// <param name="Values">Row by row.</param>
/// <param name="Horizon">How many actions.</param>
/// <param name="Dimensions">Numbers in each.</param>
/// <param name="InferMs">The server's own word; null where it gives none.</param>
internal sealed record OpenPiAnswer(float[] Values, int Horizon, int Dimensions, double? InferMs)
{
    private const string Actions = "actions";

    /// <exception cref="WireException">It has no actions, or they are not [actions, numbers].</exception>
    public static OpenPiAnswer Read(ReadOnlyMemory<byte> message)
    {
        var map = WireReader.Read(message);
        if (map.FindText("error") is { } error)
            throw new WireException($"failed: {Checkpoints.ErrorText.Bounded(error)}");
        if (!map.TryFindArray(Actions, out var array))
            throw new WireException($"the answer has no {Actions}; it has {map.Describe()}");
        var (horizon, dimensions) = array.Shape switch
        {
            [var rows, var columns] => (rows, columns),
            // A single one, as some servers send it.
            [var columns] => (1, columns),
            _ => (0, 0),
        };
        if (horizon is < 1 or > WireLimits.MostActions || dimensions is < 1 or > WireLimits.MostNumbers)
            throw new WireException(
                $"the answer's {Actions} are {array.Describe()}: expected is [actions, numbers], up to "
                    + $"[{WireLimits.MostActions}, {WireLimits.MostNumbers}]"
            );
        var values = new float[array.Count];
        array.CopyTo(values);
        var inferMs = map.FindNumber("server_timing/infer_ms") ?? map.FindNumber("policy_timing/infer_ms");
        return new OpenPiAnswer(values, horizon, dimensions, inferMs is >= 0 ? inferMs : null);
    }
}
