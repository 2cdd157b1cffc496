using Vla.Actors.Instructions;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Remote;
using Vla.Actors.Policies.Remote.Messages;
using Vla.Sensors;
using Vla.Sensors.Observations;

namespace Vla.Runtime.Serving;

/// <summary>Finds in a message what a policy wants to see, feel and hear.</summary>
/// <remarks>
/// Pictures of a layout with names of its own are those of the policy that are called alike; where not all are, they
/// are taken in their order. Keeps its working memory: one instance for each policy that works.
/// </remarks>
internal sealed class ObservationReader : IDisposable
{
    /// <summary>LeRobot's word for what is to be done.</summary>
    internal const string Task = "task";

    /// <summary>What a single picture is called by LeRobot.</summary>
    private const string SinglePicture = "observation.image";

    private readonly IPolicy _policy;
    private readonly WireLayout _layout;
    private readonly string _usualWords;
    private readonly IReadOnlyList<string> _names;
    private readonly ServedPicture[] _pictures;
    private readonly NumpyArray[] _found;
    private readonly IReadOnlyList<WireState> _parts;
    private readonly float[] _state;
    private readonly Lock _gate = new();
    private long _taken;

    /// <param name="policy">Says what it wants.</param>
    /// <param name="layout">What that is called.</param>
    /// <param name="usualWords">For a message that has none; empty for none.</param>
    /// <exception cref="PolicyException">The layout has too few pictures, or another state.</exception>
    public ObservationReader(IPolicy policy, WireLayout layout, string usualWords)
    {
        (_policy, _layout, _usualWords) = (policy, layout, usualWords);
        _names = policy.Pictures ?? [PictureNames.Unnamed];
        var paths = Paths(policy, layout, _names);
        _pictures = [.. _names.Zip(paths, (name, path) => new ServedPicture(path, policy.ImageOf(name)))];
        _found = new NumpyArray[_names.Count];
        _state = new float[policy.State.Dimensions];
        _parts = layout.State ?? [new WireState(WireLayout.StateFeature, _state.Length)];
        if (layout.StateCount is { } count && _state.Length > 0 && count != _state.Length)
            throw new PolicyException(
                $"{policy.Directory}: takes {_state.Length} numbers of state ({string.Join(' ', policy.State.Names)}), "
                    + $"and the layout {layout.Name} has {count}: choose another, or a layout of your own (--layout)"
            );
    }

    /// <summary>Where each of the policy's pictures and numbers is looked for, a line for each.</summary>
    public IEnumerable<string> Remarks()
    {
        for (var i = 0; i < _pictures.Length; i++)
            yield return $"picture {_names[i]} is {_pictures[i].Path}";
        if (_state.Length > 0)
            yield return $"state ({string.Join(' ', _policy.State.Names)}) is {StatePaths()}";
    }

    /// <summary>Whether a message has all that is wanted, before anybody works on it.</summary>
    /// <param name="map">As it was read; kept until the next.</param>
    /// <param name="words">What is to be done; empty for a policy that takes no words.</param>
    /// <exception cref="WireException">Something is missing or cannot be; in words.</exception>
    public void Take(WireMap map, out string words)
    {
        lock (_gate)
        {
            _taken++;
            TakePictures(map);
            TakeState(map);
        }

        words = _policy.TakesWords ? Words(map) : "";
    }

    /// <summary>Makes the observation of the message that was taken last, given a number for its pictures.</summary>
    /// <remarks>
    /// A stage may ask for it when whoever sent it has gone: then the next message is taken already, or nothing is
    /// there any more, and it is made no more.
    /// </remarks>
    /// <exception cref="WireException">Thrown by what is returned: a picture holds what cannot be, or it is another's
    /// turn.</exception>
    public Func<long, Observation> Maker()
    {
        var taken = _taken;
        return sequence =>
        {
            lock (_gate)
            {
                return taken == _taken
                    ? Make(sequence)
                    : throw new WireException("whoever sent the observation has gone");
            }
        };
    }

    /// <summary>What was taken is there no more: whoever asks for it now is told so.</summary>
    public void Forget()
    {
        lock (_gate)
            _taken++;
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _taken++;
            foreach (var picture in _pictures)
                picture.Dispose();
        }
    }

    private void TakePictures(WireMap map)
    {
        for (var i = 0; i < _pictures.Length; i++)
        {
            var path = _pictures[i].Path;
            if (map.Find(path) is WireItem.Picture picture)
            {
                _found[i] = _pictures[i].Decode(picture.File);
                continue;
            }

            if (
                !map.TryFindArray(path, out var array)
                && !(_layout.Pictures is null && _names.Count == 1 && map.TryFindArray(SinglePicture, out array))
            )
                throw Missing(path, "a picture", map);
            ServedPicture.Check(path, array);
            _found[i] = array;
        }
    }

    private Observation Make(long sequence)
    {
        var nowNs = TimeProvider.System.NowNs();
        var frames = new Vla.Sensors.Cameras.Frame[_pictures.Length];
        for (var i = 0; i < frames.Length; i++)
            frames[i] = _pictures[i].Make(_found[i], sequence, nowNs);
        return new Observation(_names, frames)
        {
            State = _state.Length > 0 ? new RobotReading(_policy.State.Names, [.. _state], nowNs) : null,
        };
    }

    private static string[] Paths(IPolicy policy, WireLayout layout, IReadOnlyList<string> names)
    {
        if (layout.Pictures is not { } pictures)
            return [.. names.Select(PictureNames.Feature)];
        if (pictures.Count < names.Count)
            throw new PolicyException(
                $"{policy.Directory}: wants {names.Count} pictures ({string.Join(' ', names)}), and the layout "
                    + $"{layout.Name} has {pictures.Count} ({string.Join(' ', pictures.Select(one => one.Name))})"
            );
        var isByName = names.All(name => pictures.Any(picture => picture.Name == name));
        return [.. names.Select((name, i) => (isByName ? pictures.First(one => one.Name == name) : pictures[i]).Path)];
    }

    private string StatePaths() => string.Join(" and ", _parts.Select(part => part.Key));

    private void TakeState(WireMap map)
    {
        if (_state.Length == 0)
            return;
        var taken = 0;
        foreach (var (path, wanted) in _parts)
        {
            if (!map.TryFindArray(path, out var array))
                throw Missing(path, $"the robot's state ({string.Join(' ', _policy.State.Names)})", map);
            if (array.Count != wanted || array.Shape.Any(length => length != 1 && length != wanted))
                throw new WireException($"{path} is {array.Describe()}: {wanted} numbers are wanted");
            array.CopyTo(_state.AsSpan(taken, wanted));
            taken += wanted;
        }

        if (Array.Exists(_state, value => !float.IsFinite(value)))
            throw new WireException($"{StatePaths()} holds what is no number (NaN or infinite)");
    }

    private string Words(WireMap map)
    {
        var key = _layout.Prompt ?? Task;
        var given = Text(map, key) ?? Text(map, Task) ?? _usualWords;
        if (given.Length == 0)
            throw Missing(key, "what is to be done, in words", map);
        if (!InstructionText.TryRead(given, out var words, out var problem))
            throw new WireException($"{key}: {problem}");
        return (_policy.ReadWords(words) is { } read ? read.TooLong ?? read.NoneKnown : null) is { } why
            ? throw new WireException($"{key}: {why}")
            : words;
    }

    private static string? Text(WireMap map, string key) =>
        map.Find(key) is WireItem.Texts { Values: [var only] } ? only : map.FindText(key);

    private static WireException Missing(string path, string what, WireMap map) =>
        new($"the observation has no '{path}' ({what}); it has {map.Describe()}");
}
