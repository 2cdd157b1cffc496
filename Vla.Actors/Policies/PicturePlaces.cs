using Vla.Sensors.Observations;

namespace Vla.Actors.Policies;

/// <summary>Finds a policy's pictures among those seen: once, as long as they are the same cameras.</summary>
/// <param name="pictures">What they are called, in the policy's order; null for the first one, whatever its
/// name.</param>
internal sealed class PicturePlaces(IReadOnlyList<string>? pictures)
{
    private readonly int[] _places = new int[pictures?.Count ?? 1];
    private IReadOnlyList<string>? _seenNames;

    /// <summary>The place of each picture in an observation.</summary>
    /// <exception cref="PolicyException">One is not there.</exception>
    public IReadOnlyList<int> Of(Observation seen)
    {
        if (pictures is null || ReferenceEquals(seen.Names, _seenNames))
            return _places;
        for (var i = 0; i < _places.Length; i++)
        {
            _places[i] = seen.PlaceOf(pictures[i]);
            if (_places[i] < 0)
                throw new PolicyException(
                    $"the policy wants the picture {pictures[i]}, seen is {string.Join(", ", seen.Names)}"
                );
        }

        _seenNames = seen.Names;
        return _places;
    }
}
