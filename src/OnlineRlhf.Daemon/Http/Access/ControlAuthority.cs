using System.Runtime.InteropServices;
using OnlineRlhf.Daemon.Configuration;
using OnlineRlhf.Daemon.Hosting;

namespace OnlineRlhf.Daemon.Http.Access;

/// <summary>Who may use the control routes: root, the daemon's user, and the members of one group.</summary>
internal sealed partial class ControlAuthority
{
    private readonly uint _user = geteuid();
    private readonly uint? _group;

    /// <param name="group">The group's name; null for none.</param>
    /// <exception cref="ConfigurationException">There is no such group.</exception>
    internal ControlAuthority(string? group)
    {
        if (group is not null)
            _group = Number(group) ?? throw new ConfigurationException($"control_group: there is no group {group}; sudo addgroup {group} makes it.");
    }

    /// <summary>Whether the process at the other end of a Unix socket may.</summary>
    internal bool Allows(OpenConnection connection)
    {
        (uint user, uint group) = connection.Peer;
        return user == 0 || user == _user || (_group is { } allowed && (group == allowed || connection.PeerGroups().Contains(allowed)));
    }

    private static unsafe uint? Number(string group)
    {
        // struct group of grp.h: two pointers, then the number.
        byte* entry = getgrnam(group);
        return entry is null ? null : *(uint*)(entry + (2 * sizeof(nint)));
    }

    [LibraryImport("libc")]
    private static partial uint geteuid();

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial byte* getgrnam(string name);
}
