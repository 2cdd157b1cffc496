using Vla.Actors.Policies.Remote.Messages;

namespace Vla.Actors.Policies.Remote;

/// <summary>What a server answered: a chunk of actions, and how long it says it has worked.</summary>
/// <param name="Values">Row by row.</param>
/// <param name="Horizon">How many actions.</param>
/// <param name="Dimensions">Numbers in each.</param>
/// <param name="InferMs">The server's own word; null where it gives none.</param>
internal sealed record WireAnswer(float[] Values, int Horizon, int Dimensions, double? InferMs)
{
    /// <summary>A chunk out of an array, [actions, numbers] or [numbers].</summary>
    /// <exception cref="WireException">It is neither.</exception>
    public static WireAnswer Of(NumpyArray array, string what, double? inferMs = null)
    {
        var (horizon, dimensions) = array.Shape switch
        {
            [var rows, var columns] => (rows, columns),
            // A single one, as some servers send it.
            [var columns] => (1, columns),
            _ => (0, 0),
        };
        if (horizon is < 1 or > WireLimits.MostActions || dimensions is < 1 or > WireLimits.MostNumbers)
            throw new WireException(
                $"the answer's {what} are {array.Describe()}: expected is [actions, numbers], up to "
                    + $"[{WireLimits.MostActions}, {WireLimits.MostNumbers}]"
            );
        var values = new float[array.Count];
        array.CopyTo(values);
        return new WireAnswer(values, horizon, dimensions, inferMs is >= 0 ? inferMs : null);
    }

    /// <exception cref="WireException">The answer says what went wrong.</exception>
    public static void ThrowIfError(WireMap map)
    {
        if (map.Find("error") is WireItem.Text { Value: var error })
            throw new WireException(ServerError.Line(error));
    }
}
