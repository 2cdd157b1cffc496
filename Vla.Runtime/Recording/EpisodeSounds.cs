using System.ComponentModel;
using System.Diagnostics;
using System.Threading.Channels;
using Vla.Runtime.Settings;

namespace Vla.Runtime.Recording;

/// <summary>
/// Says how a recording goes to somebody who looks at the robot: by the terminal's bell, or by a voice.
/// </summary>
/// <remarks>
/// Nobody waits for it: what happens while something is still said is said after it, and is left out where it is more
/// than the newest few.
/// </remarks>
internal sealed class EpisodeSounds : IAsyncDisposable
{
    private const string Ring = "\a";
    private const int Most = 3;
    private static readonly TimeSpan BetweenBells = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestWords = TimeSpan.FromSeconds(5);

    /// <summary>Programs that read out what they are given, the first that is there counts.</summary>
    private static readonly string[][] Voices =
    [
        ["spd-say", "--wait"],
        ["espeak-ng"],
        ["espeak"],
        ["say"],
    ];

    private readonly Channel<(SessionMoment Moment, int Episode)> _moments = Channel.CreateBounded<(
        SessionMoment,
        int
    )>(new BoundedChannelOptions(Most) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
    private readonly Func<SessionMoment, int, Task> _say;
    private readonly Task _saying;

    private EpisodeSounds(Func<SessionMoment, int, Task> say)
    {
        _say = say;
        _saying = Task.Run(SayAllAsync);
    }

    /// <summary>What settings name; null for silence.</summary>
    /// <param name="kind">Which.</param>
    /// <param name="terminal">Where a bell rings; null where nobody has a terminal.</param>
    /// <param name="time">The clock.</param>
    /// <param name="find">Where a program is, by its name; null for one that is not there.</param>
    /// <exception cref="UsageException">It cannot be heard here.</exception>
    public static EpisodeSounds? Of(
        RecordSounds kind,
        TextWriter? terminal,
        TimeProvider time,
        Func<string, string?> find
    )
    {
        switch (kind)
        {
            case RecordSounds.Bell:
                return new EpisodeSounds(
                    terminal is null
                        ? throw new UsageException(
                            "sounds are 'bell', and there is no terminal to ring: start it in one, or give voice or off"
                        )
                        : (moment, _) => RingAsync(terminal, Bells(moment), time)
                );
            case RecordSounds.Voice:
                foreach (var voice in Voices)
                {
                    if (find(voice[0]) is { } program)
                        return new EpisodeSounds(
                            (moment, episode) => SpeakAsync(program, voice[1..], Words(moment, episode))
                        );
                }

                throw new UsageException(
                    "sounds are 'voice', and there is no program that speaks: install speech-dispatcher or "
                        + "espeak-ng, or give bell or off"
                );
            default:
                return null;
        }
    }

    /// <summary>Says what has happened; returns at once.</summary>
    public void Say(SessionMoment moment, int episode) => _moments.Writer.TryWrite((moment, episode));

    public async ValueTask DisposeAsync()
    {
        _moments.Writer.TryComplete();
        await _saying;
    }

    private async Task SayAllAsync()
    {
        await foreach (var (moment, episode) in _moments.Reader.ReadAllAsync())
            await _say(moment, episode);
    }

    private static int Bells(SessionMoment moment) =>
        moment switch
        {
            SessionMoment.Begun => 1,
            SessionMoment.Saved => 2,
            SessionMoment.NotKept => 3,
            _ => 4,
        };

    private static string Words(SessionMoment moment, int episode) =>
        moment switch
        {
            SessionMoment.Begun => $"recording episode {episode}",
            SessionMoment.Saved => $"episode {episode} is saved",
            SessionMoment.NotKept => "not kept",
            _ => "the recording is over",
        };

    private static async Task RingAsync(TextWriter terminal, int times, TimeProvider time)
    {
        for (var i = 0; i < times; i++)
        {
            // Rung at once, several are heard as one.
            if (i > 0)
                await Task.Delay(BetweenBells, time);
            await terminal.WriteAsync(Ring);
            await terminal.FlushAsync();
        }
    }

    private static async Task SpeakAsync(string program, string[] options, string words)
    {
        try
        {
            using var speaker = Process.Start(
                new ProcessStartInfo(program, [.. options, words])
                {
                    RedirectStandardInput = true,
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                }
            )!;
            using var bound = new CancellationTokenSource(LongestWords);
            try
            {
                await speaker.WaitForExitAsync(bound.Token);
            }
            catch (OperationCanceledException)
            {
                speaker.Kill();
            }
        }
        catch (Exception exception) when (exception is Win32Exception or InvalidOperationException)
        {
            // A voice that fails costs nobody an episode.
        }
    }
}
