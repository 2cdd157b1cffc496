using static TorchSharp.torch;

namespace Vla.Actors.Policies.Rt1.Modules;

/// <summary>
/// The tokens of the last few pictures: filled from the first place on, and moved on by one when it is full.
/// </summary>
/// <remarks>Earlier pictures keep the tokens that they got, with the instruction of their time.</remarks>
internal sealed class Rt1Window(Rt1Config config) : IDisposable
{
    private Tensor? _tokens;
    private int _count;

    /// <summary>Puts in the tokens of the newest picture.</summary>
    /// <param name="tokens">[1, tokens, token size]; borrowed.</param>
    /// <returns>The window [1, frames, tokens, token size], this object's, and the newest's place in it.</returns>
    public (Tensor Window, int Frame) Add(Tensor tokens)
    {
        using var scope = NewDisposeScope();
        var before = _tokens ?? zeros([1, config.Frames, config.ImageTokens, config.TokenSize], device: tokens.device);
        var newest = tokens.unsqueeze(1);
        Tensor window;
        if (_count < config.Frames)
        {
            var behind = config.Frames - _count - 1;
            window = cat([before.narrow(1, 0, _count), newest, before.narrow(1, config.Frames - behind, behind)], 1);
            _count++;
        }
        else
        {
            window = cat([before.narrow(1, 1, config.Frames - 1), newest], 1);
        }

        window.DetachFromDisposeScope();
        _tokens?.Dispose();
        _tokens = window;
        return (window, _count - 1);
    }

    /// <summary>Forgets all pictures: where an episode begins.</summary>
    public void Reset()
    {
        _tokens?.Dispose();
        (_tokens, _count) = (null, 0);
    }

    public void Dispose() => Reset();
}
